"""Every company-owned table is closed: in Django without a scope, in PostgreSQL without a company (GEN-1).

The lists here are written by hand: a table that is new, a door that is new, fail until somebody has said why.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, models, transaction

from accounts.models import Membership, User
from fleetportal.core.scope import Scope, ScopeMissing, all_companies, company_scope, entered, person_scope
from fleetportal.core.tenancy import OperatorModel, TenantForeignKey, TenantModel
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.rule("GEN-1")]

ROOT = Path(settings.BASE_DIR)

# Tables of nobody in particular, and why no company's secret stands in them.
GLOBAL = {
    "auth.Permission": "Django's own; the portal's rights are a table in the code, and this one stays empty of use.",
    "auth.Group": "As auth.Permission.",
    "contenttypes.ContentType": "The names of the models.",
    "sessions.Session": "A browser's session, found by its key alone.",
    "account.EmailAddress": "The confirmed address of a person, who may belong to several companies.",
    "account.EmailConfirmation": "allauth's table for confirming addresses, which the portal does not use.",
    "accounts.EmailChange": "A person's own address, whichever companies they belong to.",
    "accounts.MobileNumber": "As accounts.EmailChange.",
    "accounts.OldLogin": "Looked up before anybody is signed in; holds a keyed hash and whose it was.",
    "accounts.TextMessage": "As accounts.EmailChange; the code in it is not kept.",
    "mfa.Authenticator": "A person's own second factor; its secrets are locked.",
    "usersessions.UserSession": "Where a person is signed in; a person may belong to several companies.",
    "core.Heartbeat": "Which processes are alive.",
    "core.FormKey": "Keys of forms that a person has sent; found by person and key, and holds no content.",
    "accounts.User": "A person may belong to several companies; found by sign-in or through a membership in scope.",
    "accounts.Company": "The tenant itself: a policy of its own shows the one in scope, or those of the person.",
    "accounts.ConditionsVersion": "The operator's general conditions, offered to all.",
    "accounts.OldPassword": "Hashes of a person's replaced passwords.",
    "accounts.SignInCounter": "Failed sign-ins by keyed hash, before anybody is known.",
    "cards.CardProduct": "The operator's kinds of card, offered to all.",
}
# Company-owned tables whose rows may belong to no company.
OPTIONAL = {
    "core.AuditEntry", "core.Batch", "core.BatchRow", "imports.Import", "imports.ImportLine", "core.OutgoingMail",
    "core.SavedView", "core.WorkItem",
}  # fmt: skip

MODELS = [model for model in apps.get_models() if not model._meta.proxy]
TENANT = [model for model in MODELS if issubclass(model, TenantModel)]
OPERATOR = [model for model in MODELS if issubclass(model, OperatorModel)]
KEYS = [(model, field) for model in TENANT for field in model._meta.fields if isinstance(field, TenantForeignKey)]


def label(model):
    return model._meta.label


def sql(statement, *params):
    """Run a statement as the portal's role does, past Django's models; return its rows, or how many it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else cursor.rowcount


@pytest.fixture
def acme():
    return factories.company("Acme")


@pytest.fixture
def borea():
    return factories.company("Borea")


# --- every table is known ---------------------------------------------------------------------------------------------


def test_every_table_belongs_to_companies_or_to_the_operator_or_says_why_not():
    assert {label(model) for model in MODELS if model not in TENANT and model not in OPERATOR} == GLOBAL.keys()
    assert all(sentence.endswith(".") for sentence in GLOBAL.values())


def test_every_company_owned_and_operator_owned_table_has_a_factory(acme):
    assert factories.EXAMPLES.keys() == {label(model) for model in TENANT + OPERATOR}
    for name, make in factories.EXAMPLES.items():
        row = make(acme)
        assert (label(type(row)), getattr(row, "company_id", acme.pk)) == (name, acme.pk)


def test_a_row_of_a_company_always_names_it_unless_the_table_is_listed():
    nullable = {label(model) for model in TENANT if model._meta.get_field("company").null}
    assert nullable == OPTIONAL == {label(model) for model in TENANT if model.tenancy.optional}


def test_no_company_owned_table_has_a_manager_that_is_open():
    for model in TENANT:
        assert {type(manager).__name__ for manager in model._meta.managers} == {"TenantManager"}
        assert type(model._base_manager).__name__ == "TenantManager"


# --- every way in is closed without a scope ---------------------------------------------------------------------------


def _other_value(row):
    """Return a column that an update can set to what it is."""
    return next(field for field in row._meta.concrete_fields if not field.primary_key and field.name != "company")


def _as_it_is(row):
    return {_other_value(row).name: getattr(row, _other_value(row).attname)}


def _unsaved(row):
    return type(row)(**{f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key})


# name -> what is tried with the model and a row of it that exists
WAYS = {
    "all": lambda model, row: list(model.objects.all()),
    "base manager": lambda model, row: list(model._base_manager.all()),
    "filter": lambda model, row: list(model.objects.filter(pk=row.pk)),
    "get": lambda model, row: model.objects.get(pk=row.pk),
    "exclude": lambda model, row: list(model.objects.exclude(pk=0)),
    "first": lambda model, row: model.objects.first(),
    "exists": lambda model, row: model.objects.exists(),
    "contains": lambda model, row: model.objects.contains(row),
    "count": lambda model, row: model.objects.count(),
    "aggregate": lambda model, row: model.objects.aggregate(models.Max("pk")),
    "annotate": lambda model, row: list(model.objects.annotate(one=models.F("pk"))),
    "values": lambda model, row: list(model.objects.values_list("pk", flat=True)),
    "dates of": lambda model, row: list(model.objects.order_by().distinct().values("company")),
    "slice": lambda model, row: model.objects.all()[0],
    "iterator": lambda model, row: next(model.objects.iterator()),
    "in_bulk": lambda model, row: model.objects.in_bulk([row.pk]),
    "union": lambda model, row: list(model.objects.all().union(model.objects.all())),
    "explain": lambda model, row: model.objects.all().explain(),
    "select_for_update": lambda model, row: list(model.objects.select_for_update(of=("self",))),
    "subquery": lambda model, row: list(User.objects.filter(pk__in=model.objects.values("pk"))),
    "exists subquery": lambda model, row: list(User.objects.filter(models.Exists(model.objects.all()))),
    "update": lambda model, row: model.objects.update(**_as_it_is(row)),
    "delete": lambda model, row: model.objects.all().delete(),
    "raw delete": lambda model, row: model.objects.all()._raw_delete(connection.alias),
    "create": lambda model, row: model.objects.create(company_id=row.company_id),
    "bulk_create": lambda model, row: model.objects.bulk_create([_unsaved(row)]),
    "bulk_update": lambda model, row: model.objects.bulk_update([row], [_other_value(row).name]),
    "get_or_create": lambda model, row: model.objects.get_or_create(pk=row.pk),
    "update_or_create": lambda model, row: model.objects.update_or_create(pk=row.pk),
    "save": lambda model, row: row.save(),
    "save of a new one": lambda model, row: _unsaved(row).save(),
    "save of one column": lambda model, row: row.save(update_fields=[_other_value(row).name]),
    "delete of a row": lambda model, row: row.delete(),
    "refresh_from_db": lambda model, row: row.refresh_from_db(),
}  # fmt: skip


@pytest.mark.parametrize("model", TENANT, ids=label)
def test_without_a_scope_no_way_in_is_open(acme, model):
    row = factories.EXAMPLES[label(model)](acme)
    opened = []
    for name, way in WAYS.items():
        try:
            with transaction.atomic():
                way(model, row)
        except ScopeMissing:
            continue
        opened.append(name)
    assert opened == []


@pytest.mark.parametrize("model", TENANT, ids=label)
def test_without_a_scope_no_relation_leads_in(acme, model):
    """Along foreign keys, back along them, by prefetch and by a join from a table that is nobody's."""
    row = factories.EXAMPLES[label(model)](acme)
    for field in (one for own, one in KEYS if own is model and getattr(row, one.attname) is not None):
        fresh = type(row)(**{f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields})
        with pytest.raises(ScopeMissing):
            getattr(fresh, field.name)
    for back in model._meta.related_objects:
        if back.get_accessor_name() and issubclass(back.related_model, TenantModel):
            with pytest.raises(ScopeMissing):
                list(getattr(row, back.get_accessor_name()).all())
            with pytest.raises(ScopeMissing):
                models.prefetch_related_objects([row], back.get_accessor_name())


def test_without_a_scope_a_person_does_not_lead_to_memberships(acme):
    person = factories.member(acme, "Ada").user
    with pytest.raises(ScopeMissing):
        list(person.memberships.all())
    with pytest.raises(ScopeMissing):
        list(User.objects.prefetch_related("memberships"))
    with person_scope(person.pk):
        assert [one.user_id for one in person.memberships.all()] == [person.pk]


def test_a_join_from_a_table_that_is_nobodys_meets_row_level_security(acme):
    """Django joins without asking the other model's manager; there PostgreSQL alone stands guard."""
    factories.member(acme, "Ada")
    assert not User.objects.filter(memberships__isnull=False).exists()
    with company_scope(acme.pk):
        assert User.objects.filter(memberships__isnull=False).exists()


@pytest.mark.parametrize("model", TENANT, ids=label)
def test_past_django_there_is_nothing_without_a_company(acme, borea, model):
    """Raw SQL finds no row, changes none and adds none; with Borea in scope it finds none of Acme's."""
    row = factories.EXAMPLES[label(model)](acme)
    table = model._meta.db_table
    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields if not field.primary_key)
    nobody, stranger = transaction.atomic(), company_scope(borea.pk)
    for scope in (nobody, stranger):
        with scope:
            assert sql(f"SELECT count(*) FROM {table} WHERE id = %s", row.pk) == [(0,)]
            assert list(model.objects.raw(f"SELECT * FROM {table} WHERE id = %s", [row.pk])) == []
            if table not in {"core_auditentry", "accounts_acceptance"}:  # nobody may change these at all
                assert sql(f"UPDATE {table} SET company_id = company_id WHERE id = %s", row.pk) == 0
                assert sql(f"DELETE FROM {table} WHERE id = %s", row.pk) == 0
    with all_companies(reason="test"):
        values = sql(f"SELECT {columns} FROM {table} WHERE id = %s", row.pk)[0]
    marks = ", ".join(["%s"] * len(values))
    adapted = [
        field.get_db_prep_value(field.to_python(value) if isinstance(field, models.JSONField) else value, connection)
        for field, value in zip((f for f in model._meta.concrete_fields if not f.primary_key), values, strict=True)
    ]
    for scope in (transaction.atomic(), company_scope(borea.pk)):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic(), scope:
            sql(f"INSERT INTO {table} ({columns}) VALUES ({marks})", *adapted)
    with company_scope(acme.pk):
        assert sql(f"SELECT count(*) FROM {table} WHERE id = %s", row.pk) == [(1,)]


@pytest.mark.parametrize("model", TENANT, ids=label)
def test_in_another_companys_scope_a_row_is_neither_found_nor_written(acme, borea, model):
    row = factories.EXAMPLES[label(model)](acme)
    with company_scope(borea.pk):
        assert not model.objects.filter(pk=row.pk).exists()
        for write in (row.save, row.delete, _unsaved(row).save, lambda: model.objects.bulk_create([_unsaved(row)])):
            with pytest.raises(ScopeMissing), transaction.atomic():
                write()
        with pytest.raises(model.DoesNotExist):
            row.refresh_from_db()
    with company_scope(acme.pk), pytest.raises(ValueError, match="stays with its company"):
        model.objects.filter(pk=row.pk).update(company=borea)


@pytest.mark.parametrize("model", OPERATOR, ids=label)
def test_what_is_the_operators_is_there_behind_the_wide_door_alone(acme, model):
    row = factories.EXAMPLES[label(model)](acme)
    with all_companies(reason="test"):
        assert model.objects.filter(pk=row.pk).exists()
    for scope in (transaction.atomic(), company_scope(acme.pk), person_scope(1)):
        with scope:
            assert not model.objects.filter(pk=row.pk).exists()
            assert model.objects.all().delete()[0] == 0
            with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
                _unsaved(row).save()


def test_a_company_is_seen_by_who_is_in_it_alone(acme, borea):
    ben = factories.member(borea, "Ben").user
    assert sql("SELECT count(*) FROM accounts_company") == [(0,)]
    with company_scope(acme.pk):
        assert sql("SELECT id FROM accounts_company") == [(acme.pk,)]
        assert sql("UPDATE accounts_company SET phone = '1' WHERE id = %s", borea.pk) == 0
    with person_scope(ben.pk):
        assert sql("SELECT id FROM accounts_company") == [(borea.pk,)]
        assert sql("UPDATE accounts_company SET phone = '1'") == 0


def test_a_persons_scope_shows_their_memberships_and_nobody_elses(acme, borea):
    ada, ben = factories.member(acme, "Ada"), factories.member(borea, "Ben")
    with person_scope(ada.user_id):
        assert list(Membership.objects.all()) == [ada]
        assert sql("SELECT id FROM accounts_membership") == [(ada.pk,)]
        assert sql("UPDATE accounts_membership SET is_principal = false") == 0
        assert not Membership.objects.filter(pk=ben.pk).exists()
        with pytest.raises(ScopeMissing):
            apps.get_model("cards.Card").objects.count()


# --- PostgreSQL says the same -----------------------------------------------------------------------------------------

# Policies beside the two that every company-owned table has, and why each is narrow enough.
OTHER_POLICIES = {
    "accounts_company_tenant": "the company in scope",
    "accounts_company_person": "the companies of the person who is signed in, to read",
    "accounts_company_wide": "behind the wide door",
    "accounts_membership_person": "a person's own memberships, to read",
    "core_outgoingmail_person": "the mails that went to the person who is signed in, to read",
    "core_searchentry_owner": "the owner of portal_search(), which looks at the company itself",
}


def policies():
    """Return all policies by name: table, roles, command, condition, check."""
    rows = sql("SELECT policyname, tablename, roles::text[], cmd, qual, with_check FROM pg_policies ORDER BY 1")
    return {name: (table, roles, command, using, check) for name, table, roles, command, using, check in rows}


@pytest.mark.parametrize("model", [*TENANT, *OPERATOR, apps.get_model("accounts.Company")], ids=label)
def test_row_level_security_is_on_and_binds_the_owner_too(model):
    table = model._meta.db_table
    assert sql("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = %s", table) == [(True, True)]


@pytest.mark.parametrize("model", TENANT, ids=label)
def test_every_company_owned_table_has_its_two_policies(model):
    table = model._meta.db_table
    on, roles, command, using, check = policies()[f"{table}_tenant"]
    assert (on, roles, command, using) == (table, ["public"], "ALL", check)
    assert "current_setting('app.company'::text, true)" in using
    assert using.startswith("(NOT (company_id IS DISTINCT FROM (" if label(model) in OPTIONAL else "(company_id = (")
    assert policies()[f"{table}_wide"] == (table, [settings.WIDE_ROLE], "ALL", "true", "true")


def test_no_policy_is_open_but_the_wide_doors():
    expected = {f"{model._meta.db_table}_{kind}" for model in TENANT for kind in ("tenant", "wide")}
    expected |= {f"{model._meta.db_table}_wide" for model in OPERATOR}
    assert policies().keys() == expected | OTHER_POLICIES.keys()
    opened = {name for name, (_table, _roles, _command, using, _check) in policies().items() if using == "true"}
    assert opened == {name for name in policies() if name.endswith("_wide")} | {"core_searchentry_owner"}
    assert settings.APP_ROLE not in policies()["core_searchentry_owner"][1]
    assert "public" not in policies()["core_searchentry_owner"][1]


@pytest.mark.parametrize(("model", "field"), KEYS, ids=lambda one: getattr(one, "name", None) or label(one))
def test_nothing_can_point_to_another_companys_row(acme, borea, model, field):
    """Not even past Django and behind the wide door: the composite key refuses it when the transaction ends."""
    row = factories.EXAMPLES[label(model)](acme)
    target = label(field.remote_field.model)
    foreign, own = factories.EXAMPLES[target](borea), factories.EXAMPLES[target](acme)
    beside = ", rank = 99" if label(model) == "cards.Issue" else ""  # a card has each rank once
    point = f'UPDATE {model._meta.db_table} SET "{field.column}" = %s{beside} WHERE id = %s'
    with all_companies(reason="test"):
        for other in (own, foreign):
            with transaction.atomic():
                sql("SET CONSTRAINTS ALL DEFERRED")
                assert sql(point, other.pk, row.pk) == 1
                commit = sql if other is own else refused
                commit("SET CONSTRAINTS ALL IMMEDIATE")
                transaction.set_rollback(True)


def refused(statement):
    with pytest.raises(IntegrityError, match="_company"), transaction.atomic():
        sql(statement)


def test_every_key_between_company_owned_tables_is_a_composite_one():
    plain = [
        f"{label(model)}.{field.name}"
        for model in TENANT
        for field in model._meta.fields
        if isinstance(field, models.ForeignKey)
        and not isinstance(field, TenantForeignKey)
        and issubclass(field.related_model, TenantModel)
    ]
    assert plain == []
    found = sql(
        "SELECT conrelid::regclass::text, a.attname FROM pg_constraint c JOIN pg_attribute a"
        " ON a.attrelid = c.conrelid AND a.attnum = c.conkey[2]"
        " WHERE contype = 'f' AND cardinality(conkey) = 2 AND condeferrable AND condeferred"
    )
    assert set(found) == {(model._meta.db_table, field.column) for model, field in KEYS}


@pytest.mark.parametrize("role", [settings.APP_ROLE, settings.WIDE_ROLE])
def test_the_portals_roles_own_nothing_and_pass_no_policy(role):
    (flags,) = sql(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = %s",
        role,
    )
    assert flags == (False,) * 5
    assert sql("SELECT count(*) FROM pg_class WHERE relowner = %s::regrole", role) == [(0,)]
    assert sql("SELECT count(*) FROM pg_proc WHERE proowner = %s::regrole", role) == [(0,)]
    assert sql("SELECT has_schema_privilege(%s, 'public', 'CREATE')", role) == [(False,)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE stolen AS SELECT 1",
        "ALTER TABLE cards_card DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE cards_card NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY cards_card_tenant ON cards_card",
        "CREATE POLICY open ON cards_card USING (true)",
        "DROP TABLE cards_cardlimit",
        "UPDATE core_auditentry SET verb = 'x'",
        "DELETE FROM core_auditentry",
        f"SET ROLE {settings.DATABASES['default'].get('OWNER', 'portal_owner')}",
        "SET session_replication_role = replica",
    ],
)
@pytest.mark.parametrize("wide", [False, True])
def test_the_portal_can_not_change_the_schema_or_the_audit(statement, wide):
    scope = Scope(wide=True, reason="test") if wide else Scope(company=1)
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), entered(scope), transaction.atomic():
        sql(statement)


def test_the_wide_door_is_left_when_its_block_ends(acme):
    row = factories.EXAMPLES["cards.Card"](acme)
    with company_scope(acme.pk):
        with all_companies(reason="test"):
            assert sql("SELECT current_user, current_setting('app.company')") == [(settings.WIDE_ROLE, "")]
        assert sql("SELECT current_user, current_setting('app.company')") == [(settings.APP_ROLE, str(acme.pk))]
    assert sql("SELECT current_user") == [(settings.APP_ROLE,)]
    assert sql("SELECT count(*) FROM cards_card WHERE id = %s", row.pk) == [(0,)]
    with pytest.raises(ValueError, match="needs a reason"):
        all_companies(reason="")


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_used_again_remembers_nothing():
    """After a request in Acme's scope, one that failed, and one behind the wide door, the same connection is closed."""
    acme = factories.company("Acme")
    factories.card(factories.customer_number(acme))
    (backend,) = sql("SELECT pg_backend_pid()")

    def closed():
        assert sql("SELECT pg_backend_pid()") == [backend]
        settings_now = "SELECT coalesce(current_setting('app.company', true), ''), current_user"
        assert sql(settings_now) == [("", settings.APP_ROLE)]
        assert sql("SELECT count(*) FROM cards_card") == [(0,)]

    closed()
    for scope in (Scope(company=acme.pk), Scope(person=1), Scope(wide=True, reason="test")):
        with entered(scope):
            assert sql("SELECT count(*) FROM cards_card") == [(0,) if scope.person else (1,)]
        closed()
        with pytest.raises(RuntimeError), entered(scope):
            raise RuntimeError
        closed()
        with pytest.raises(DatabaseError), entered(scope):
            sql("SELECT 1/0")
        closed()
