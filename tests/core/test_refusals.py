"""Refusals keep the menu of who has one, tell nothing by it, and stay refusals whatever happens to the frame."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from fleetportal import navigation
from tests import factories

pytestmark = pytest.mark.django_db

MENU = 'id="portal-menu"'


@pytest.fixture
def acme():
    return factories.company("Acme")


def visit(member_or_user, path, method="get", **options):
    client = Client(**options)
    client.force_login(getattr(member_or_user, "user", member_or_user))
    return getattr(client, method)(path)


def test_what_is_not_there_leaves_the_menu_in_its_place(acme):
    answer = visit(factories.member(acme, "Ada"), f"/{acme.identifier}/cards/999999/")
    html = answer.content.decode()
    assert answer.status_code == 404
    assert MENU in html
    assert f'href="/{acme.identifier}/cards/"' in html
    assert "There is nothing here" in html
    assert "999999" not in html


def test_what_one_may_not_do_leaves_the_menu_with_what_one_may(acme):
    html = visit(factories.member(acme, "Cora"), f"/{acme.identifier}/cards/new/").content.decode()
    assert "You may not do this" in html
    assert MENU in html
    assert f'href="/{acme.identifier}/cards/new/"' not in html


def test_operator_staff_keep_theirs(acme):
    html = visit(factories.operator(), "/operator/companies/999999/").content.decode()
    assert MENU in html
    assert 'href="/operator/mail/"' in html


@pytest.mark.rule("GEN-1")
def test_no_form_and_no_token_stands_on_a_refusal_and_signing_out_is_a_link(acme):
    """A token is another one each time: what is hidden would differ from what does not exist."""
    ada = factories.member(acme, "Ada")
    first, second = (visit(ada, f"/{acme.identifier}/cards/{key}/").content for key in (999998, 999999))
    assert first == second
    assert b"csrf" not in first
    assert b'method="post"' not in first
    assert b'href="/accounts/logout/"' in first


def test_a_stranger_and_who_is_not_signed_in_see_no_menu(acme):
    for answer in (Client().get("/nowhere/"), visit(factories.user("Tess"), f"/{acme.identifier}/cards/")):
        assert answer.status_code == 404
        assert MENU not in answer.content.decode()


def test_a_form_without_its_token_is_refused_inside_the_frame(acme):
    answer = visit(factories.member(acme, "Ada"), f"/{acme.identifier}/cards/new/", "post", enforce_csrf_checks=True)
    assert answer.status_code == 403
    assert MENU in answer.content.decode()


@pytest.mark.parametrize("broken", ["python", "database"])
def test_a_frame_that_fails_leaves_the_plain_page_and_its_number(acme, monkeypatch, broken, caplog):
    def fail(_request):
        if broken == "python":
            raise RuntimeError("a fault")
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    monkeypatch.setattr(navigation, "numbers_in_reach", fail)
    ada = factories.member(acme, "Ada")
    missing = visit(ada, f"/{acme.identifier}/cards/999999/")
    refused = visit(factories.member(acme, "Cora"), f"/{acme.identifier}/cards/new/")
    assert (missing.status_code, refused.status_code) == (404, 403)
    assert "There is nothing here" in missing.content.decode()
    assert MENU not in missing.content.decode()
    assert "The frame of a refusal could not be made." in caplog.text
