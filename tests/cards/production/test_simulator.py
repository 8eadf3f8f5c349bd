"""The demonstration's card maker: cards are made and dispatched within a minute, once (FUL-3)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from cards.lifecycle import ISSUE
from cards.models import MakerFile
from cards.production.files import FileMaker
from cards.production.interface import maker
from cards.production.simulator import Simulator
from fleetportal.core.access import system
from fleetportal.core.lifecycle import perform
from fleetportal.core.scope import all_companies
from fleetportal.core.timetable import run_job
from fleetportal.core.work_models import WorkItem
from tests import factories
from tests.cards.production import tools
from tests.cards.production.tools import issue_of, mails, reload, request_of, rows, take
from tests.factories import NOW

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _simulator(settings):
    settings.CARD_MAKER = "simulator"


def a_minute():
    """Let a worker look every second for a minute."""
    return [outcome for second in range(61) for outcome in tools.work(NOW + second * SECOND)]


@pytest.mark.rule("FUL-3")
@pytest.mark.rule("FUL-2")
def test_a_card_is_made_and_dispatched_within_a_minute(ordered, otto):
    batch = take(otto)
    tools.work(NOW)
    tools.work(NOW + 7 * SECOND)
    assert issue_of(ordered).made_on is None
    tools.work(NOW + 8 * SECOND)
    issue = issue_of(ordered)
    assert (issue.made_on, issue.expires_on, issue.dispatched_at) == (date(2026, 11, 4), date(2030, 11, 30), None)
    a_minute()
    assert (reload(ordered).status, request_of(ordered).status) == ("in_creation", "dispatched")
    assert (issue_of(ordered).dispatched_at, reload(batch).sent_at) == (NOW + 20 * SECOND, NOW)
    assert len(mails("card_dispatched")) == 1
    assert [(file.name, file.state) for file in rows(MakerFile)] == [
        (f"simulated-{batch}-made.csv", "taken"),
        (f"simulated-{batch}-dispatched.csv", "taken"),
    ]
    assert reload(batch).checksum


@pytest.mark.rule("FUL-3")
def test_a_worker_that_comes_back_a_day_later_does_it_all(ordered, otto):
    take(otto)
    for hour in range(24, 27):
        tools.work(NOW + timedelta(hours=hour))
    assert request_of(ordered).status == "dispatched"


def test_the_same_work_done_twice_has_the_effect_of_once(ordered, otto):
    take(otto)
    a_minute()
    before = (vars(issue_of(ordered)), len(rows(MakerFile)), len(mails("card_dispatched")))
    with all_companies(reason="test"):
        WorkItem.objects.filter(kind__startswith="cards.").update(status="waiting")
    assert {str(outcome) for outcome in tools.work(NOW + timedelta(minutes=5))} == {"done"}
    after = (vars(issue_of(ordered)), len(rows(MakerFile)), len(mails("card_dispatched")))
    assert {**before[0], "_state": None} == {**after[0], "_state": None}
    assert before[1:] == after[1:]


def test_a_card_blocked_meanwhile_stays_blocked(ordered, otto):
    take(otto)
    with all_companies(reason="test"):
        perform(ISSUE, issue_of(ordered), "block", system("test"), now=NOW)
    a_minute()
    issue = issue_of(ordered)
    assert (issue.status, reload(ordered).status) == ("blocked", "blocked")
    assert issue.made_on is not None
    assert issue.dispatched_at is not None


def test_tracking_numbers_are_the_same_every_time_and_differ(number, otto):
    cards = [factories.card(number, status="new", ordered_at=NOW - timedelta(hours=1)) for _card in range(3)]
    take(otto)
    a_minute()
    tracking = {issue_of(card).tracking for card in cards}
    assert len(tracking) == 3
    assert all(len(one) == 13 and one.startswith("SIM") for one in tracking)


def test_a_batch_goes_to_the_maker_it_was_taken_for(ordered, otto, settings, tmp_path):
    take(otto)
    settings.CARD_MAKER = "files"
    settings.PRODUCTION_DIR = tmp_path
    a_minute()
    assert request_of(ordered).status == "dispatched"
    assert list(tmp_path.iterdir()) == []


def test_the_simulator_has_nothing_to_collect(db):
    assert run_job("cards.collect_answers", NOW) is None


def test_the_setting_names_the_maker(settings, tmp_path):
    assert isinstance(maker(), Simulator)
    settings.CARD_MAKER = "files"
    assert isinstance(maker(), FileMaker)
    settings.CARD_MAKER = "post"
    with pytest.raises(ImproperlyConfigured, match="'post'"):
        maker()
