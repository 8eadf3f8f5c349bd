"""Making companies, users and memberships."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from accounts import services
from accounts.models import CustomerNumber, FleetDivision, Membership, MembershipDivision, MembershipNumber
from fleetportal.core.access import system
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.work import PERIODIC

pytestmark = pytest.mark.django_db


def entries(verb: str) -> list[AuditEntry]:
    with all_companies(reason="a test looks"):
        return list(AuditEntry.objects.filter(verb=verb).order_by("pk"))


def test_a_user_has_a_confirmed_address_in_small_letters(person):
    user = person(email="An.Peeters@Client.EXAMPLE")
    assert user.email == "an.peeters@client.example"
    address = user.emailaddress_set.get()
    assert (address.email, address.verified, address.primary) == (user.email, True, True)
    (entry,) = entries("accounts.user_created")
    assert (entry.object_id, entry.company_id) == (user.pk, None)


def test_an_address_is_one_persons_whatever_its_capitals(person):
    person()
    with pytest.raises(IntegrityError), transaction.atomic():
        person(email="AN.PEETERS@client.example")


def test_a_company_is_made_with_an_entry_of_its_own(company):
    firm = company("Zonnebloem", vat_number="BE0123456789")
    (entry,) = entries("accounts.company_created")
    assert (entry.company_id, entry.object_id) == (firm.pk, firm.pk)
    assert entry.after == {"identifier": firm.identifier, "legal_name": "Zonnebloem"}


def test_a_member_may_be_limited_to_numbers_and_divisions(person, company, member):
    firm = company("Zonnebloem")
    with company_scope(firm.pk):
        number = CustomerNumber.objects.create(
            number="100200", name="Gent", recipient="Zonnebloem", street="Veldstraat 1", postal_code="9000", town="Gent"
        )
        division = FleetDivision.objects.create(customer_number=number, name="Bestelwagens")
    one = member(person(), firm, "consultation", customer_numbers=[number], divisions=[division])
    with company_scope(firm.pk):
        assert (one.all_customer_numbers, one.all_divisions) == (False, False)
        assert MembershipNumber.objects.get(membership=one).customer_number_id == number.pk
        assert MembershipDivision.objects.get(membership=one).division_id == division.pk
    (entry,) = entries("accounts.member_added")
    assert entry.company_id == firm.pk
    assert entry.after["customer_numbers"] == [number.pk]


@pytest.mark.rule("ACC-12")
def test_the_principal_user_is_an_administrator_with_everything(person, company, member):
    one = member(person(), company("Zonnebloem"), "consultation", is_principal=True, applications=["cards"])
    assert one.profile == Membership.Profile.ADMINISTRATOR
    assert len(one.applications) == 18
    assert "cards" in one.change_applications


@pytest.mark.parametrize("given", [{"applications": ["moon"]}, {"change_applications": ["vehicles"]}])
def test_what_is_no_application_is_refused(person, company, member, given):
    with pytest.raises(ValueError, match="Not applications of that kind"):
        member(person(), company("Zonnebloem"), **given)


def test_nobody_is_a_member_twice(person, company, member, now):
    user, firm = person(), company("Zonnebloem")
    member(user, firm)
    with pytest.raises(IntegrityError), transaction.atomic():
        services.add_membership(company=firm, user=user, profile="management", actor=system("tests"), now=now)


def test_old_failures_are_forgotten_by_a_job():
    assert "accounts.forget_failures" in PERIODIC
