"""The demonstration: whole, made by the rules of life, the same each time, and refused where it has no place."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Company, CustomerNumber, FleetDivision, Membership, User
from cards.demo import fleet, seed
from cards.demo.fates import Fates, Plastic
from cards.demo.vins import vin_of
from cards.lifecycle import CARD_STATUSES, REQUEST_STATUSES
from cards.models import Batch, Card, Issue, MakerFile, Request, SetAsideLine
from fleetportal.core import search
from fleetportal.core.audit import AuditEntry
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
from fleetportal.engines.demo import DEMO_PASSWORD, SIGN_IN_NAMES
from tests.accounts.mailbox import caught, send_waiting
from tests.cards.seeded import (
    WIDE,
    cards_mirror_their_issues,
    company,
    keys_stay_within_companies,
    numbers_are_valid,
    of,
    run,
    the_audit_replays,
)
from vehicles.models import Driver, Vehicle
from vehicles.vin import check_digit, doubt, refusal

# One worker runs them all, so that the demonstration is loaded once.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("seed")]


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker):
    """The demonstration, in one transaction for the whole module: loading it takes seconds."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield run("--if-empty")
        transaction.set_rollback(True)


@pytest.mark.parametrize("arguments", [[], ["--if-empty"], ["--cards", "5"], ["--bench"]])
def test_it_refuses_without_the_setting(settings, arguments):
    settings.PORTAL_DEMO = False
    with pytest.raises(CommandError, match="PORTAL_DEMO"):
        run(*arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--cards", "0"], "from 1 to"),
        (["--cards", "-3"], "from 1 to"),
        (["--cards", "5000001"], "from 1 to"),
        (["--company", "PRO-ACMEAA"], "--company goes with --cards"),
        (["--growth"], "--growth goes with --bench"),
        (["--cards", "1", "--bench"], "not allowed with"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(*arguments)


# --- The two companies ------------------------------------------------------------------------------------------------


def test_the_companies_have_the_promised_size(demo):
    with of("PRO-ACMEAA"):
        assert CustomerNumber.objects.count() == 2
        assert FleetDivision.objects.count() == 5
        assert Vehicle.objects.count() == 240
        assert Card.objects.count() == 264
        assert Card.objects.filter(customer_number__isnull=False, limits__isnull=False).distinct().count() == 264
    with of("PRO-BOREAA"):
        assert CustomerNumber.objects.count() == 1
        assert FleetDivision.objects.count() == 2
        assert Card.objects.count() == 60


def test_every_status_occurs_and_most_cards_are_active(demo):
    with of("PRO-ACMEAA"):
        cards = Counter(Card.objects.values_list("status", flat=True))
        requests = Counter(Request.objects.values_list("status", flat=True))
        assert set(cards) == {status.value for status in CARD_STATUSES}
        assert set(requests) == {status.value for status in REQUEST_STATUSES}
        assert cards["active"] > 0.7 * cards.total()
        assert sum(request.is_late(timezone.now()) for request in Request.objects.all()) == 5
        assert Card.objects.filter(status="in_creation", dispatched_at__isnull=False).count() >= 9
        assert set(Issue.objects.values_list("rank", flat=True)) == {1, 2, 3}
        assert set(Issue.objects.filter(status="blocked").values_list("block_reason", flat=True)) == {
            "theft",
            "loss",
            "not_received",
            "defective",
        }
        assert Card.objects.exclude(last_used_on=None).count() > 150


def test_a_block_with_a_duplicate_leaves_the_new_rank_to_speak_for_the_card(demo):
    with of("PRO-ACMEAA"):
        blocked = set(Issue.objects.filter(rank=1, status="blocked").values_list("card_id", flat=True))
        newest = Counter(Card.objects.filter(pk__in=blocked, rank__gt=1).values_list("status", flat=True))
        assert newest == {"active": 19, "new": 3, "in_creation": 5}


@pytest.mark.rule("CRD-53")
def test_some_cards_that_expire_first_are_cancelled_and_one_was_taken_back(demo):
    with of("PRO-ACMEAA"):
        cancelled = Card.objects.filter(renewal_status="cancelled")
        assert cancelled.count() == 5
        assert set(cancelled.values_list("status", flat=True)) == {"active"}
        soonest = Card.objects.filter(status="active").order_by("expires_on", "pk")
        assert max(card.expires_on for card in cancelled) <= soonest[25].expires_on
        verbs = AuditEntry.objects.filter(kind="cards.card", verb__in=["cards.cancel", "cards.take_back"])
        assert Counter(verbs.values_list("verb", flat=True)) == {"cards.cancel": 6, "cards.take_back": 1}
    with of("PRO-BOREAA"):
        assert Card.objects.filter(renewal_status="cancelled").count() == 5


def test_who_manages_the_fleet_drives_a_car_of_it(demo):
    with of("PRO-ACMEAA"):
        driver = Driver.objects.select_related("member__user").get(member__isnull=False)
        card = Card.objects.get(driver=driver)
        assert (driver.member.user.email, str(driver)) == ("management@acme.example", "Lejeune Isabelle")
        assert (card.status, card.vehicle.ended_at) == ("active", None)


def test_names_of_users_stand_in_capitals_as_the_portal_keeps_them(demo):
    names = [user.list_name for user in User.objects.filter(kind=User.Kind.CLIENT)]
    assert "LEJEUNE ISABELLE" in names
    assert [name for name in names if name != name.upper()] == []


def test_everybody_can_sign_in(demo):
    names = {*SIGN_IN_NAMES, "north@acme.example"}
    users = {user.email: user for user in User.objects.filter(email__in=names)}
    assert set(users) == names
    assert all(user.check_password(DEMO_PASSWORD) for user in users.values())
    assert EmailAddress.objects.filter(user__in=users.values(), verified=True, primary=True).count() == len(names)
    assert users["staff@operator.example"].kind == User.Kind.OPERATOR
    assert users["staff@dealer.example"].kind == User.Kind.DEALER
    assert {user.language for user in users.values()} == {"en", "fr", "nl"}
    with of("PRO-ACMEAA"):
        assert Membership.objects.get(is_principal=True).user == users["principal@acme.example"]
        north = Membership.objects.get(user=users["north@acme.example"])
        assert (north.all_customer_numbers, north.all_divisions) == (False, False)
        assert [str(part.division) for part in north.divisions.all()] == ["North"]


def test_the_audit_replays_to_every_status(demo):
    assert the_audit_replays()


def test_cards_show_what_their_issues_say(demo):
    assert cards_mirror_their_issues()


def test_keys_stay_within_their_company(demo):
    assert keys_stay_within_companies()


def test_numbers_are_valid_and_of_their_product(demo):
    assert numbers_are_valid()


def test_the_history_is_told_by_those_who_may_and_had_come(demo):
    with of("PRO-ACMEAA"):
        joined = dict(Membership.objects.values_list("user_id", "created_at"))
        doing = AuditEntry.objects.filter(kind__startswith="cards.", actor__isnull=False).exclude(
            verb__startswith="operator."
        )
        assert doing.count() > 500
        assert all(entry.at > joined[entry.actor_id] for entry in doing)
        reading = Membership.objects.filter(profile__in=["consultation", "accounting"]).values("user_id")
        assert not doing.filter(actor__in=reading).exists()
        assert set(AuditEntry.objects.filter(actor=None).values_list("actor_label", flat=True)) == {
            "cards.activate_dispatched",
            "cards.expire_issues",
            "cards.maker",
            "cards.seed_demo",
        }
        assert not AuditEntry.objects.filter(at__gt=timezone.now()).exists()


def test_everything_of_borea_says_so_and_nothing_of_acme(demo):
    with of("PRO-BOREAA"):
        texts = {
            *Card.objects.values_list("printed_as", flat=True),
            *Card.objects.values_list("cost_centre", flat=True),
            *Card.objects.values_list("extra_mention", flat=True),
            *Card.objects.values_list("recipient", flat=True),
            *Card.objects.values_list("street", flat=True),
            *Request.objects.values_list("label", flat=True),
            *Vehicle.objects.values_list("plate", flat=True),
            *Driver.objects.values_list("last_name", flat=True),
            *FleetDivision.objects.values_list("name", flat=True),
            *CustomerNumber.objects.values_list("name", flat=True),
            *search.SearchEntry.objects.values_list("text", flat=True),
            company("PRO-BOREAA").legal_name,
        }
        assert [text for text in texts if "borea" not in text.lower()] == []
    with of("PRO-ACMEAA"):
        assert not search.SearchEntry.objects.filter(text__contains="borea").exists()


def test_every_card_and_request_is_found(demo):
    with of("PRO-ACMEAA"):
        for card in Card.objects.all():
            assert card.pk in search.find("cards.card", "".join(filter(str.isalnum, card.printed_as))).ids()
        assert all(
            request.pk in search.find("cards.request", request.number).ids() for request in Request.objects.all()
        )


def test_nothing_of_the_past_is_done_or_sent_today_but_the_mail_of_who_is_invited(demo):
    with all_companies(reason=WIDE):
        [work] = WorkItem.objects.exclude(status=WorkItem.Status.DONE)
        [letter] = OutgoingMail.objects.exclude(status=OutgoingMail.Status.SENT)
        assert work.payload["mail"] == letter.key
        assert (letter.template, letter.to) == ("colleague_invited", "invited@acme.example")
        assert not Batch.objects.filter(sent_at=None).exists()


def test_an_invitation_is_on_its_way_until_the_portal_runs_and_can_then_be_taken_up(demo):
    principal = Client()
    principal.force_login(User.objects.get(email="principal@acme.example"))
    with of("PRO-ACMEAA"):
        page = f"/PRO-ACMEAA/users/{Membership.objects.get(user__email='invited@acme.example').pk}/"
    assert "The invitation is on its way." in principal.get(page).content.decode()
    send_waiting()
    assert "The invitation was sent and works until" in principal.get(page).content.decode()
    [letter] = caught()
    invited = Client()
    opened = invited.post(re.search(r"/invitations/[0-9a-f]{64}/", str(letter.body))[0], follow=True)
    assert opened.request["PATH_INFO"] == "/invitations/"
    answers = {"last_name": "FONTAINE", "first_name": "CÉLINE", "phone": "0470123456"}
    answers |= {"password1": "Zeker-12-weten", "password2": "Zeker-12-weten"}
    came = invited.post("/invitations/", answers, follow=True)
    assert came.request["PATH_INFO"].startswith("/PRO-ACMEAA/"), came.content.decode()


def test_the_card_makers_mishaps_were_set_aside(demo):
    with all_companies(reason=WIDE):
        assert MakerFile.objects.filter(state="set_aside").count() == 1
        assert SetAsideLine.objects.count() == 1


def test_a_second_time_changes_nothing(demo):
    models = (User, Company, Card, Issue, Request, AuditEntry, Vehicle, Driver, WorkItem, OutgoingMail)
    with all_companies(reason=WIDE):
        before = [model._base_manager.count() for model in models]
    assert "there already" in run("--if-empty")
    with pytest.raises(CommandError, match="not loaded twice"):
        run()
    with all_companies(reason=WIDE):
        assert [model._base_manager.count() for model in models] == before


def test_each_vehicle_has_what_drives_it_and_a_good_vin_of_its_own(demo):
    with all_companies(reason=WIDE):
        vehicles = list(Vehicle.objects.order_by("pk"))
    assert {one.fuel for one in vehicles} == {"diesel", "petrol", "electric", "cng"}
    assert len({one.vin for one in vehicles}) == len(vehicles)
    assert {refusal(one.vin, "") + doubt(one.vin) for one in vehicles} == {""}
    assert all(check_digit(one.vin) == one.vin for one in vehicles)
    assert {one.fuel for one in vehicles if one.model == "ID.4"} == {"electric"}


def test_a_vin_is_the_same_every_time():
    model = fleet.Model("Volvo", "FH 460", "lorry", "diesel", 620, 2400)
    assert vin_of(model, "1-ABC-123") == vin_of(model, "1-ABC-123") != vin_of(model, "1-ABC-124")


# --- The plan ---------------------------------------------------------------------------------------------------------


def test_the_same_seed_draws_the_same_fleet():
    for draw in (fleet.acme, fleet.borea):
        assert draw(Random(5)) == draw(Random(5))
        assert len({card.printed_as for card in draw(Random(5))}) == len(draw(Random(5)))


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 23, 2, 5, tzinfo=UTC),  # a Monday night
        datetime(2026, 11, 22, 12, 0, tzinfo=UTC),  # a Sunday
        datetime(2027, 3, 28, 1, 30, tzinfo=UTC),  # the hour that summer time takes
        datetime(2027, 10, 31, 0, 30, tzinfo=UTC),  # and gives back
        datetime(2028, 2, 29, 23, 59, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 30, tzinfo=UTC),  # the next year in Brussels
    ],
)
def test_fates_run_forward_and_end_before_now(now):
    order = [field.name for field in fields(Plastic) if field.name.endswith("_at")][:4]
    for days_between in (45, 90):
        fates = Fates(Random(7), now, days_between)
        for name in [*seed.ACME_FATES, "active"]:
            for _time in range(20):
                fate = fates.draw(name)
                for plastic in fate.plastics:
                    moments = [getattr(plastic, step) for step in order if getattr(plastic, step)]
                    assert moments == sorted(moments)
                    assert now - timedelta(days=1750) < moments[0]
                    arrival = plastic.received_at or plastic.first_used_at
                    if plastic.dispatched_at and arrival:
                        assert plastic.dispatched_at < arrival < plastic.dispatched_at + timedelta(days=10)
                    ends = [getattr(plastic, f.name) for f in fields(Plastic) if f.name.endswith("_at")]
                    assert max(moment for moment in ends if moment) <= now
                for before, after in zip(fate.plastics, fate.plastics[1:], strict=False):
                    assert after.ordered_at == before.blocked_at
                if "late" in name:
                    assert fate.plastics[-1].ordered_at < now - timedelta(hours=24)
