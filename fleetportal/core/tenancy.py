"""Company-owned models: one base class brings company column, closed queryset, row policy and composite key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import FullResultSet
from django.db import models
from django.db.models.base import ModelBase
from django.db.models.expressions import Expression
from django.db.models.sql.where import AND

from fleetportal.core.policies import COMPANY_SQL, RowPolicy, SameCompany
from fleetportal.core.scope import ScopeMissing, current_scope, require_scope


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Which columns of a model carry the scope.

    `customer_number` and `division` name foreign keys; `through` names a foreign key to a model that carries them
    instead; `person` names the foreign key to the user whose own rows these are. `optional` rows may have no company.
    """

    customer_number: str = ""
    division: str = ""
    through: str = ""
    person: str = ""
    optional: bool = False


class InScope(Expression):
    """The condition 'belongs to the scope in force', decided when the SQL is compiled.

    It stands in the where clause of every query that a tenant manager starts, so it survives filters, subqueries,
    counts, updates and deletes; without a scope, compiling raises `ScopeMissing`.
    """

    conditional = True
    output_field = models.BooleanField()

    def __init__(self, model: type[models.Model], alias: str) -> None:
        super().__init__()
        self.model = model
        tenancy: Tenancy = model.tenancy  # type: ignore[attr-defined]  # every TenantModel has one
        names = ["company", tenancy.customer_number, tenancy.division, tenancy.through, tenancy.person]
        meta: Any = model._meta
        self.columns: list[Any] = [meta.get_field(name).get_col(alias) if name else None for name in names]

    def get_source_expressions(self) -> list[Any]:
        """Return the columns, so that Django renames them in subqueries."""
        return self.columns

    def set_source_expressions(self, exprs: Any) -> None:
        """Take the renamed columns."""
        self.columns = exprs

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Write the condition for the scope in force."""
        scope = require_scope(self.model._meta.label)
        if scope.wide:
            raise FullResultSet
        company, number, division, through, person = self.columns
        parts: list[str] = []
        params: list[Any] = []

        def add(column: Any, operator: str, value: Any) -> None:
            sql, column_params = compiler.compile(column)
            parts.append(f"{sql} {operator}")
            params.extend([*column_params, value])

        if scope.company is None:
            if person is None or scope.person is None:
                raise ScopeMissing(f"{self.model._meta.label} belongs to companies, and no company is in scope.")
            add(person, "= %s", scope.person)
            return parts[0], params
        add(company, "= %s", scope.company)
        if number is not None and scope.customer_numbers is not None:
            add(number, "= ANY(%s)", list(scope.customer_numbers))
        if division is not None and scope.divisions is not None:
            add(division, "= ANY(%s)", list(scope.divisions))
        if through is not None and scope.limited:
            parent: Any = through.target.related_model
            inner, inner_params = parent._base_manager.values("pk").query.sql_with_params()
            sql, column_params = compiler.compile(through)
            parts.append(f"{sql} IN ({inner})")
            params.extend([*column_params, *inner_params])
        return f"({' AND '.join(parts)})", params


class TenantQuerySet(models.QuerySet):
    """A queryset that writes only inside the scope."""

    def _insert(self, objs: list[models.Model], fields: Any, **kwargs: Any) -> Any:
        """Refuse rows of another company; `save()` and `bulk_create()` both come through here."""
        scope = require_scope(self.model._meta.label)
        for obj in objs:
            _fill_company(obj)
            _refuse_foreign(obj, scope)
        return super()._insert(objs, fields, **kwargs)  # type: ignore[misc]  # private, and the one way in

    _insert.alters_data = True  # type: ignore[attr-defined]
    _insert.queryset_only = False  # type: ignore[attr-defined]

    def update(self, **kwargs: Any) -> int:
        """Update the rows in scope; a row never changes its company."""
        if {"company", "company_id"} & kwargs.keys():
            raise ValueError("A row stays with its company.")
        return super().update(**kwargs)

    update.alters_data = True  # type: ignore[attr-defined]


class TenantManager(models.Manager.from_queryset(TenantQuerySet)):  # type: ignore[misc]  # made at run time
    """The only manager of a company-owned model; every query it starts carries `InScope`."""

    def get_queryset(self) -> TenantQuerySet:
        """Start a query that is closed until a scope is in force."""
        queryset = super().get_queryset()
        query = queryset.query
        query.where.add(InScope(self.model, query.get_initial_alias()), AND)
        return queryset


class TenantForeignKey(models.ForeignKey):
    """A foreign key to another company-owned model; the database checks company and id together."""

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False  # the composite key `SameCompany` is the constraint
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> Any:
        """Tell migrations how to write this field down."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs


class TenantBase(ModelBase):
    """Gives each concrete company-owned model its policies, its composite key and its closed base manager."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **kwargs: Any) -> Any:
        """Complete the model's Meta before Django reads it."""
        meta: Any = attrs.get("Meta")
        if not any(isinstance(base, TenantBase) for base in bases) or getattr(meta, "abstract", False):
            return super().__new__(mcs, name, bases, attrs, **kwargs)
        if meta is None:
            meta = attrs["Meta"] = type("Meta", (), {})
        tenancy = attrs.get("tenancy") or next(base.tenancy for base in bases if hasattr(base, "tenancy"))
        mine = f"company_id = {COMPANY_SQL}"
        if tenancy.optional:
            mine = f"company_id IS NOT DISTINCT FROM {COMPANY_SQL}"
        added: list[models.BaseConstraint] = [
            models.UniqueConstraint(fields=["company", "id"], name="%(app_label)s_%(class)s_company_id"),
            RowPolicy(name="%(app_label)s_%(class)s_tenant", using=mine),
            RowPolicy(name="%(app_label)s_%(class)s_wide", using="true", role="wide"),
        ]
        added += [
            SameCompany(name=f"%(app_label)s_%(class)s_{key}_company", field=key, to=str(field.remote_field.model))
            for key, field in attrs.items()
            if isinstance(field, TenantForeignKey)
        ]
        meta.constraints = [*getattr(meta, "constraints", []), *added]
        meta.base_manager_name = "objects"
        return super().__new__(mcs, name, bases, attrs, **kwargs)


class TenantModel(models.Model, metaclass=TenantBase):
    """A row that belongs to a company (GEN-1)."""

    tenancy = Tenancy()
    company = models.ForeignKey(settings.TENANT_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save within the scope: a row of another company is refused, a new one takes the company in scope."""
        scope = require_scope(self._meta.label)
        _fill_company(self)
        _refuse_foreign(self, scope)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete within the scope."""
        _refuse_foreign(self, require_scope(self._meta.label))
        return super().delete(*args, **kwargs)


def _fill_company(row: Any) -> None:
    scope = current_scope()
    if row.company_id is None and scope is not None and scope.company is not None:
        row.company_id = scope.company


def _refuse_foreign(row: Any, scope: Any) -> None:
    if scope.wide:
        return
    if scope.company is None and row.tenancy.optional and row.company_id is None:
        return
    if scope.company is None or row.company_id != scope.company:
        raise ScopeMissing(f"This {row._meta.label} belongs to another company than the one in scope.")


class OperatorBase(ModelBase):
    """Gives each concrete operator-owned model the one policy that lets it be seen: the wide door's."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **kwargs: Any) -> Any:
        """Complete the model's Meta before Django reads it."""
        meta: Any = attrs.get("Meta")
        if not any(isinstance(base, OperatorBase) for base in bases) or getattr(meta, "abstract", False):
            return super().__new__(mcs, name, bases, attrs, **kwargs)
        if meta is None:
            meta = attrs["Meta"] = type("Meta", (), {})
        policy = RowPolicy(name="%(app_label)s_%(class)s_wide", using="true", role="wide")
        meta.constraints = [*getattr(meta, "constraints", []), policy]
        return super().__new__(mcs, name, bases, attrs, **kwargs)


class OperatorModel(models.Model, metaclass=OperatorBase):
    """A row of the operator's own (production files, set-aside lines): there behind the wide door only."""

    class Meta:
        abstract = True
