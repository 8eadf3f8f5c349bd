"""Two windows of one person at once: a list has one default view, and a name is given once (GEN-6, GEN-3)."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from fleetportal.core import views_saved
from fleetportal.core.scope import all_companies
from fleetportal.core.views_saved import SavedView
from tests import factories
from tests.cards.online import Person

pytestmark = [
    pytest.mark.rule("GEN-3"),
    pytest.mark.rule("GEN-6"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]

TAKEN = "You have a view of this name on this list already. Choose another name."
MOMENT = 1


@pytest.fixture
def windows(live_server, acme, number):
    """Two browsers of Ada's."""
    ada = factories.member(acme, "Ada").user
    opened = [Person(live_server, ada, f"/{acme.identifier}/") for _window in range(2)]
    yield opened
    for one in opened:
        one.session.close()


@pytest.fixture
def meet(monkeypatch):
    """Let two who have looked at the other views wait for each other; who waits at the lock is not met."""
    check, barriers = views_saved._check, []

    def met(*about):
        check(*about)
        with suppress(threading.BrokenBarrierError):
            barriers[-1].wait(MOMENT)

    monkeypatch.setattr(views_saved, "_check", met)
    return lambda: barriers.append(threading.Barrier(2))


def kept():
    with all_companies(reason="a test looks"):
        return {view.name: view.is_default for view in SavedView.objects.all()}


def test_of_two_default_views_that_are_saved_at_once_one_is_the_default(windows, acme, at_once, meet):
    path = f"views/new/?list=/{acme.identifier}/cards/"
    for turn in range(3):
        forms = [(one, one.get(path), f"{name} {turn}") for one, name in zip(windows, ("North", "South"), strict=True)]
        meet()
        answers = at_once(
            *(lambda one=one, form=form, name=name: one.send(form, name=name, is_default="on")
              for one, form, name in forms)
        )  # fmt: skip
        assert {answer.place for answer in answers} == {f"/{acme.identifier}/cards/"}
        assert len(kept()) == 2 * (turn + 1)
        assert sum(kept().values()) == 1, kept()


def test_of_two_views_that_become_the_default_at_once_one_is(windows, acme, at_once, meet):
    ada = windows[0].user
    views = [factories.saved_view(acme, ada, name) for name in ("North", "South")]
    for _turn in range(3):
        forms = [(one, one.get(f"views/{view.pk}/")) for one, view in zip(windows, views, strict=True)]
        meet()
        answers = at_once(*(lambda one=one, form=form: one.send(form, is_default="on") for one, form in forms))
        assert {answer.place for answer in answers} == {f"/{acme.identifier}/cards/"}
        assert sum(kept().values()) == 1, kept()


def test_of_two_views_with_the_same_name_at_once_one_is_kept(windows, acme, at_once, meet):
    path = f"views/new/?list=/{acme.identifier}/cards/"
    forms = [(one, one.get(path)) for one in windows]
    meet()
    answers = at_once(
        *(lambda one=one, form=form, name=name: one.send(form, name=name)
          for (one, form), name in zip(forms, ("Zürich", "ZURICH"), strict=True))
    )  # fmt: skip
    assert sorted(answer.errors.get("name", "") for answer in answers) == ["", TAKEN]
    assert len(kept()) == 1
