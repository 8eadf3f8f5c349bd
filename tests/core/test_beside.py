"""What a page asks beside its rows: one statement, true for each reader and each moment, though it is written once."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership, MembershipDivision, Notice
from fleetportal.core.scope import all_companies
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    return factories.company("Acme")


@pytest.fixture
def number(acme):
    return factories.customer_number(acme, "1001")


def opened(member, name="cards:list"):
    """Open a list of the member's company as this member."""
    client = Client()
    client.force_login(member.user)
    # An empty list without a word in its address has no filters.
    response = client.get(reverse(name, args=[member.company.identifier]), {"view": "general"})
    assert response.status_code == 200
    return response.content.decode()


def unread(page):
    return re.search(r"Notices: (\d+) unread", page).group(1)


def divisions(page):
    """Return the divisions that the list offers to filter by."""
    menu = page.split('<select name="division"')[1].split("</select>")[0] if 'name="division"' in page else ""
    return re.findall(r'<option value="\d+">([^<]+)<', menu)


@pytest.mark.rule("GEN-6")
def test_bell_views_and_filters_are_one_statement(acme, number):
    ada = factories.member(acme, "Ada")
    factories.division(number, "North")
    opened(ada)
    with CaptureQueriesContext(connection) as asked:
        opened(ada)
    beside = [one["sql"] for one in asked if "core_savedview" in one["sql"] or "accounts_notice" in one["sql"]]
    assert len(beside) == 1
    assert "accounts_fleetdivision" in beside[0]


@pytest.mark.rule("ACC-41")
def test_the_bell_follows_what_happens_between_two_pages(acme, number):
    ada = factories.member(acme, "Ada")
    assert unread(opened(ada)) == "0"
    factories.notice(ada)
    assert unread(opened(ada)) == "1"
    with all_companies(reason="test data"):
        Notice.objects.update(unread=False)
    assert unread(opened(ada)) == "0"


@pytest.mark.rule("GEN-6")
def test_a_new_division_is_offered_on_the_next_page(acme, number):
    ada = factories.member(acme, "Ada")
    factories.division(number, "North")
    assert divisions(opened(ada)) == ["North"]
    factories.division(number, "South")
    assert divisions(opened(ada)) == ["North", "South"]


@pytest.mark.rule("GEN-1")
def test_each_reader_is_asked_for_their_own_scope(acme, number):
    north, south = factories.division(number, "North"), factories.division(number, "South")
    ada = factories.member(acme, "Ada")
    bob = factories.member(acme, "Bob", divisions=[north])
    cas = factories.member(acme, "Cas", divisions=[south])
    borea = factories.company("Borea")
    factories.division(factories.customer_number(borea, "2001"), "East")
    mia = factories.member(borea, "Mia")
    factories.notice(ada)
    assert [divisions(opened(one)) for one in (ada, bob, cas, mia, ada)] == [
        ["North", "South"],
        ["North"],
        ["South"],
        ["East"],
        ["North", "South"],
    ]
    assert [unread(opened(one)) for one in (ada, bob, cas, mia)] == ["1", "0", "0", "0"]


@pytest.mark.rule("GEN-1")
def test_a_scope_that_shrinks_shrinks_the_next_page(acme, number):
    north, _south = factories.division(number, "North"), factories.division(number, "South")
    bob = factories.member(acme, "Bob")
    assert divisions(opened(bob)) == ["North", "South"]
    with all_companies(reason="test data"):
        MembershipDivision.objects.create(company=acme, membership=bob, division=north)
        Membership.objects.filter(pk=bob.pk).update(all_divisions=False)
    assert divisions(opened(bob)) == ["North"]
