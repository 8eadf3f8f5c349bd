"""A driver who is a colleague: chosen in the driver's form, once for each customer number, and noted (ACC-9)."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.actors import member_actor
from accounts.models import Membership
from fleetportal.core.scope import all_companies, company_scope
from tests import factories
from tests.accounts.settings.conftest import again, entries, read, said
from tests.vehicles.conftest import driver_form
from tests.vehicles.test_drivers import change, make
from tests.vehicles.test_vehicles import errors
from vehicles import services
from vehicles.models import Driver

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-9")]


@pytest.fixture
def max_(firm):
    """A colleague who manages the fleet."""
    return factories.member(firm.acme, "Max")


@pytest.mark.rule("GEN-2")
def test_a_driver_is_linked_to_a_colleague_and_both_pages_say_so(firm, max_):
    made, answer = make(firm, member=max_.pk)
    assert made.member_id == max_.pk
    assert f'<a href="{firm.url(f"users/{max_.pk}/")}">{max_.name}</a>' in answer.content.decode()
    assert (
        f'<a href="{firm.url(f"drivers/{made.pk}/")}">De Smet Dirk</a>'
        in firm.get(f"users/{max_.pk}/").content.decode()
    )
    assert "This colleague is linked to no driver." in firm.get(f"users/{firm.ada.pk}/").content.decode()
    [entry] = entries("drivers.created")
    assert entry.after["member"] == max_.name


@pytest.mark.rule("GEN-2")
def test_the_link_is_changed_and_taken_away_with_an_entry_each(firm, max_):
    made, _answer = make(firm)
    assert "The changes are saved." in said(change(firm, made, member=max_.pk))
    assert "The changes are saved." in said(change(firm, again(made)))
    assert again(made).member_id is None
    first, second = entries("drivers.changed")
    assert (first.before, first.after) == ({"member": ""}, {"member": max_.name})
    assert (second.before, second.after) == ({"member": max_.name}, {"member": ""})
    assert "Colleague" in firm.get(f"drivers/{made.pk}/").content.decode()


def test_a_colleague_is_one_driver_of_a_customer_number(firm, max_):
    make(firm, member=max_.pk)
    answer = firm.send("drivers/new/", **driver_form(firm, last_name="Maes", member=max_.pk))
    assert "This colleague is another driver of this customer number." in errors(answer)["member"]
    assert len(read(Driver)) == 1
    make(firm, member=max_.pk, customer_number=firm.two.pk, division=firm.west.pk)
    assert len(read(Driver, member=max_)) == 2


def test_after_a_driver_has_left_the_colleague_may_be_a_new_one(firm, max_):
    made, _answer = make(firm, member=max_.pk)
    firm.send(f"drivers/{made.pk}/end/")
    newer, _answer = make(firm, member=max_.pk)
    assert (newer.member_id, again(made).member_id) == (max_.pk, max_.pk)


@pytest.mark.parametrize("who", ["inactive", "of_borea", "nobody"])
def test_a_colleague_who_can_not_be_chosen_is_refused_at_the_field(firm, who):
    """Nothing is written; another company's member is as unknown as one that does not exist."""
    member = {
        "inactive": lambda: factories.member(firm.acme, "Ina", principal=False, is_active=False).pk,
        "of_borea": lambda: factories.member(factories.company("Borea"), "Ben").pk,
        "nobody": lambda: 999_999_999,
    }[who]()
    answer = firm.send("drivers/new/", **driver_form(firm, member=member))
    assert "Select a valid choice" in errors(answer)["member"]
    assert answer.context["form"]["last_name"].value() == "De Smet"
    assert not read(Driver)


@pytest.mark.rule("GEN-1")
def test_nobody_but_who_decides_for_the_company_names_themselves(firm, max_):
    """The own view shows a driver's cards wherever they lie: who sees a part only does not help themselves to more."""
    limited = factories.member(firm.acme, "Nina", principal=False, profile="administrator", customer_numbers=[firm.one])
    for someone in (max_, limited):
        offered = firm.get("drivers/new/", by=someone).content.decode().partition('name="member"')[2]
        assert f'<option value="{firm.ada.pk}"' in offered.partition("</select>")[0]
        assert f'<option value="{someone.pk}"' not in offered.partition("</select>")[0]
        answer = firm.send("drivers/new/", by=someone, **driver_form(firm, member=someone.pk))
        assert "Select a valid choice" in errors(answer)["member"]
    made, _answer = make(firm, by=firm.ada, member=firm.ada.pk)
    assert made.member_id == firm.ada.pk
    with company_scope(firm.acme.pk), pytest.raises(ValidationError, match="name yourself"):
        services.create_driver(
            number=firm.one,
            data=services.DriverData(last_name="Maes", first_name="Max", division=firm.north, member=max_),
            actor=member_actor(max_.user, max_),
            now=timezone.now(),
        )


def test_who_was_linked_stays_linked_when_they_change_the_rest(firm, max_):
    made, _answer = make(firm, member=max_.pk)
    page = firm.get(f"drivers/{made.pk}/change/", by=max_).content.decode()
    assert f'<option value="{max_.pk}" selected>' in page
    form = driver_form(firm, version=made.version, phone="0470 99 99 99", member=max_.pk)
    form.pop("customer_number")
    assert "The changes are saved." in said(firm.send(f"drivers/{made.pk}/change/", by=max_, **form))
    assert again(made).member_id == max_.pk


@pytest.mark.rule("ACC-13")
def test_who_may_not_see_the_colleagues_is_shown_none_and_links_none(firm, max_):
    made, _answer = make(firm, member=max_.pk)
    theo = factories.member(firm.acme, "Theo", principal=False, profile="management", applications=["drivers"])
    for path in (f"drivers/{made.pk}/", f"drivers/{made.pk}/change/", "drivers/new/"):
        answer = firm.get(path, by=theo)
        shown = answer.content.decode().partition('class="detail-side"')[0]
        assert answer.status_code == 200
        assert max_.name not in shown
        assert 'name="member"' not in shown
    form = driver_form(firm, version=made.version, last_name="De Groot", member="")
    form.pop("customer_number")
    assert "The changes are saved." in said(firm.send(f"drivers/{made.pk}/change/", by=theo, **form))
    assert (again(made).last_name, again(made).member_id) == ("De Groot", max_.pk)
    with company_scope(firm.acme.pk), pytest.raises(PermissionDenied):
        services.create_driver(
            number=firm.one,
            data=services.DriverData(last_name="Maes", first_name="Max", division=firm.north, member=max_),
            actor=member_actor(theo.user, theo),
            now=timezone.now(),
        )


def test_two_at_once_can_not_make_a_colleague_two_drivers(firm, max_):
    """The second of two who looked before either wrote meets the constraint, and reads the same sentence."""
    factories.driver(firm.one, "Max", member=max_)
    with company_scope(firm.acme.pk), pytest.raises(ValidationError, match="another driver of this customer number"):
        services.create_driver(
            number=firm.one,
            data=services.DriverData(last_name="Maes", first_name="Max", division=firm.north, member=max_),
            actor=member_actor(firm.ada.user, firm.ada),
            now=timezone.now(),
        )


def test_a_member_of_another_company_can_not_be_written_even_past_the_portal(firm):
    ben = factories.member(factories.company("Borea"), "Ben")
    made = factories.driver(firm.one)
    with all_companies(reason="a test tries"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="vehicles_driver_member_company"), transaction.atomic():
            Driver.objects.filter(pk=made.pk).update(member_id=ben.pk)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert again(made).member_id is None
    assert read(Membership, pk=ben.pk)
