"""My profile: changed by oneself, kept in the audit, told by e-mail."""

from __future__ import annotations

import pytest

from accounts.models import User
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from tests.accounts import mailbox

from .conftest import page

PATH = "/accounts/profile/"
VALUES = {
    "last_name": "PEETERS",
    "first_name": "An",
    "phone": "02 123 45 67",
    "mobile": "",
    "language": "fr",
    "theme": "dark",
}


@pytest.mark.rule("GEN-8")
@pytest.mark.django_db
def test_it_is_changed_audited_and_told(own):
    assert 'value="PEETERS"' in page(own, PATH)
    assert own.post(PATH, VALUES).status_code == 302
    user = User.objects.get(pk=own.user.pk)
    assert (user.phone, user.language, user.theme) == ("02 123 45 67", "fr", "dark")
    assert 'lang="fr"' in page(own, PATH)
    with all_companies(reason="a test looks"):
        entry = AuditEntry.objects.get(verb="accounts.profile_changed")
    assert entry.after == {"phone": "02 123 45 67", "language": "fr", "theme": "dark"}
    mailbox.send_waiting()
    assert len(mailbox.caught()) == 1
    own.post(PATH, VALUES)
    mailbox.send_waiting()
    assert len(mailbox.caught()) == 1  # nothing changed


@pytest.mark.rule("GEN-9")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"), [("last_name", ""), ("phone", "no"), ("mobile", "12"), ("language", "xx"), ("theme", "pink")]
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost_or_written(own, field, value):
    answer = own.post(PATH, {**VALUES, field: value, "first_name": "Anneke"})
    content = answer.content.decode()
    assert f'id="id_{field}_error"' in content
    assert 'value="Anneke"' in content
    assert User.objects.get(pk=own.user.pk).first_name == "An"


@pytest.mark.rule("ACC-9")
@pytest.mark.django_db
def test_the_users_menu_names_person_company_and_customer_number(own, company, member):
    from tests import factories

    acme = company("Acme")
    factories.customer_number(acme, number="1234567")
    member(own.user, acme, is_principal=True)
    with all_companies(reason="a test prepares"):
        type(acme).objects.filter(pk=acme.pk).update(initialised_at="2026-01-01T00:00Z")
    menu = page(own, f"/{acme.identifier}/").partition("user-menu-head")[2].partition("</p>")[0]
    assert "PEETERS An" in menu
    assert "Acme" in menu
    assert "Customer number 1234567" in menu
