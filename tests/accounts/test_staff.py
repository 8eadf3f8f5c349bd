"""Operator staff: let in by who administers the machine, and put out again."""

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.safety import factors
from fleetportal.core.access import system
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from tests import factories
from tests.accounts.mailbox import caught, send_waiting
from tests.accounts.safety.conftest import app_code

pytestmark = pytest.mark.django_db
PASSWORD = "Rivier-onder-7-bruggen"


def run(name, *arguments):
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def add(email="vera@operator.example", *more):
    return run("add_operator", email, "--last-name", "Vos", "--first-name", "Vera", *more)


def entries(verb):
    with all_companies(reason="a test looks"):
        return list(AuditEntry.objects.filter(verb=verb).values_list("object_label", flat=True))


@pytest.mark.rule("ACC-2")
def test_the_first_member_chooses_a_password_by_mail_and_gets_in():
    said = add("Vera@Operator.example", "--language", "nl")
    assert (
        said
        == "Vos Vera is of the operator's staff now. The link to choose a password goes to vera@operator.example.\n"
    )
    send_waiting()
    (mail,) = caught()
    assert mail.to == ["vera@operator.example"]
    assert "wachtwoord" in mail.body
    link = re.search(r"https?://[^/\s]+(/\S+)", mail.body).group(1)
    browser = Client()
    page = browser.get(link, follow=True)
    address = page.redirect_chain[-1][0] if page.redirect_chain else link
    browser.post(address, {"password1": PASSWORD, "password2": PASSWORD}, follow=True)
    fresh = Client()
    fresh.post("/accounts/login/", {"login": "vera@operator.example", "password": PASSWORD})
    assert fresh.get("/operator/").status_code == 200
    assert entries("accounts.operator_added") == ["Vos Vera"]


@pytest.mark.parametrize(
    ("email", "says"),
    [
        ("ada@acme.example", "ada@acme.example is a client's user. Operator staff need an address of their own."),
        ("otto@operator.example", "otto@operator.example is of the operator's staff already."),
        ("vera", "Enter a valid email address."),
    ],
)
def test_who_can_be_no_member_is_refused_with_a_sentence(email, says):
    factories.user("Ada", email="ada@acme.example")
    factories.operator("Otto", email="otto@operator.example")
    before = User.objects.count()
    with pytest.raises(CommandError, match=re.escape(says)):
        add(email)
    assert User.objects.count() == before
    assert entries("accounts.operator_added") == []


def test_a_name_is_asked_for():
    with pytest.raises(CommandError, match="This field cannot be blank"):
        run("add_operator", "vera@operator.example", "--last-name", " ", "--first-name", "Vera")
    assert not User.objects.exists()


@pytest.mark.rule("GEN-2")
def test_who_is_put_out_is_out_at_once_and_can_come_back():
    add("otto@operator.example")
    otto = User.objects.get()
    otto.set_password(PASSWORD)
    otto.save()
    browser = Client()
    browser.post("/accounts/login/", {"login": otto.email, "password": PASSWORD})
    assert browser.get("/operator/").status_code == 200
    assert "1 sessions ended" in run("remove_operator", "Otto@operator.example")
    assert browser.get("/operator/").status_code == 302
    again = Client()
    again.post("/accounts/login/", {"login": otto.email, "password": PASSWORD})
    assert again.get("/operator/").status_code == 302
    assert entries("accounts.operator_removed") == [otto.full_name]
    with pytest.raises(CommandError, match="is not of the operator's staff"):
        run("remove_operator", otto.email)
    assert "again" in add(otto.email)


def test_no_client_is_put_out_by_the_command_for_staff():
    ada = factories.user("Ada", email="ada@acme.example")
    with pytest.raises(CommandError, match="is not of the operator's staff"):
        run("remove_operator", ada.email)
    ada.refresh_from_db()
    assert ada.is_active


@pytest.mark.rule("ACC-6")
def test_all_second_factors_are_taken_from_who_lost_them():
    otto = factories.operator("Otto", email="otto@operator.example")
    secret = factors.new_secret()
    now = timezone.now()
    code = app_code(secret, now)
    factors.add_app(user=otto, secret=secret, code=code, actor=system("test"), now=now)
    assert factors.has_factor(otto.pk)
    assert run("remove_second_factor", otto.email).startswith("otto@operator.example: ")
    assert not factors.has_factor(otto.pk)
    assert factors.codes_left(otto) == 0
    with pytest.raises(CommandError, match=r"No user has the address nobody@acme\.example\."):
        run("remove_second_factor", "nobody@acme.example")
