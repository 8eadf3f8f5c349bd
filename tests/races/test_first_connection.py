"""Two windows of the principal user at once: the portal opens once, and conditions are accepted once (GEN-3, ONB-5)."""

from __future__ import annotations

import pytest

from accounts.models import Acceptance
from fleetportal.core.audit import AuditEntry
from fleetportal.core.drafts import Draft
from fleetportal.core.work_models import WorkItem
from tests import factories
from tests.cards.online import Person
from tests.cards.tools import again, rows

pytestmark = [pytest.mark.rule("GEN-3"), pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def windows(live_server, count):
    """A company that has not started, and its principal user in so many windows."""
    company = factories.company(f"Cedar {count}", initialised_at=None)
    vera = factories.member(company, "Vera").user
    return company, [Person(live_server, vera, f"/{company.identifier}/") for _window in range(count)]


@pytest.mark.rule("ONB-3")
@pytest.mark.rule("ONB-5")
@pytest.mark.parametrize("count", [2, 4])
def test_of_several_windows_that_finish_at_once_one_opens_the_portal(live_server, at_once, count):
    factories.conditions()
    company, [first, *others] = windows(live_server, count)
    information = first.send(first.get(""), v1_1="on", v1_2="on")
    users = first.send(information, phone="081550440")
    end = first.send(users)
    forms = [end, *(window.get("start/end/") for window in others)]
    answers = at_once(
        *(
            lambda window=window, form=form: window.send(form)
            for window, form in zip([first, *others], forms, strict=True)
        )
    )
    assert {answer.place for answer in answers} == {f"/{company.identifier}/"}
    assert again(company).initialised_at is not None
    assert len(rows(AuditEntry, verb="accounts.initialised")) == 1
    assert len(rows(WorkItem, kind="accounts.invite_taken_over")) == 1
    assert rows(Draft) == []


@pytest.mark.rule("ONB-1")
@pytest.mark.rule("ONB-3")
def test_windows_that_start_at_once_accept_once_and_share_one_draft(live_server, at_once):
    factories.conditions()
    company, people = windows(live_server, 4)
    forms = [window.get("") for window in people]
    answers = at_once(
        *(
            lambda window=window, form=form: window.send(form, v1_1="on", v1_2="on")
            for window, form in zip(people, forms, strict=True)
        )
    )
    assert {answer.place for answer in answers} == {f"/{company.identifier}/start/information/"}
    assert len(rows(Acceptance)) == len(rows(AuditEntry, verb="accounts.conditions_accepted")) == 1
    assert len(rows(Draft)) == 1
