"""The pages and mails of an account's safety, read as somebody who uses all of them."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.actors import person_actor
from accounts.models import Company, EmailChange, User
from accounts.safety import factors, mobile, oldportal
from accounts.safety import services as safety
from fleetportal.core import work_run
from fleetportal.core.access import system
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
from tests import factories
from tests.accounts import mailbox
from tests.accounts.safety.conftest import app_code, hidden
from tests.house.own_safety import CODE
from tests.passkeys import Passkey

SECURITY = "/accounts/security/"
FACTORS = f"{SECURITY}second-factor/"
ASK = "/accounts/second-factor/"


def read_safety(reader: Any) -> None:
    """Set everything up, use it, take it away; wrongly first."""
    now = timezone.now()
    person = services.create_user(
        email="sam@people.example", first_name="Sam", last_name="PERSON", password=factories.PASSWORD,
        language=reader.language, actor=system("test"), now=now,
    )  # fmt: skip
    client = Client()
    client.force_login(person)
    _addresses(reader, client, person)
    _factors(reader, client, person)
    reader.get(client, f"{SECURITY}sessions/")
    reader.send(client, f"{SECURITY}sessions/", others="")
    Client().force_login(person)
    reader.send(client, f"{SECURITY}sessions/", others="1")
    _entrance(reader, person)


def _addresses(reader: Any, client: Client, person: User) -> None:
    profile = {"last_name": "", "first_name": "Sam", "phone": "x", "mobile": "y", "language": "", "theme": ""}
    reader.send(client, "/accounts/profile/", **profile)
    right = {"last_name": "PERSON", "phone": "02 123 45 67", "mobile": "", "language": reader.language, "theme": "auto"}
    reader.send(client, "/accounts/profile/", **{**profile, **right})
    for number in ("x", "0470 12 34 56"):
        reader.send(client, f"{SECURITY}mobile/", number=number)
    message = mobile.waiting(person, timezone.now())
    assert message is not None
    with all_companies(reason="test"):
        item = WorkItem.objects.get(kind="accounts.send_text")
    work_run.run(item.pk, timezone.now())
    message.refresh_from_db()
    message.code_hash = mobile.code_hash(message, CODE)
    message.save()
    for code in ("", "000000", CODE):
        reader.send(client, f"{SECURITY}mobile/code/", code=code)
    reader.get(client, f"{SECURITY}mobile/")
    reader.send(client, f"{SECURITY}mobile/", number="", give_up="1")
    for email in ("x", person.email, "sam.new@people.example"):
        reader.send(client, f"{SECURITY}email/", email=email)
    mailbox.send_waiting()
    change = EmailChange.objects.get()
    confirm, undo = (safety.token_for(change, purpose) for purpose in (safety.CONFIRM, safety.UNDO))
    reader.get(client, SECURITY)
    reader.get(client, f"/accounts/email/confirm/{confirm}/")
    safety.confirm_email_change(token=confirm, address=None, now=timezone.now())
    reader.get(client, f"/accounts/email/undo/{undo}/")
    reader.get(client, f"/accounts/email/confirm/{confirm}/")
    for email in ("sam.third@people.example", "sam.fourth@people.example"):
        reader.send(client, f"{SECURITY}email/", email=email)
    reader.send(client, f"{SECURITY}email/", email="", drop="1")


def _factors(reader: Any, client: Client, person: User) -> None:
    with all_companies(reason="test"):
        acme = Company.objects.get(identifier=factories.IDENTIFIERS["Acme"])
    factories.member(acme, "Sam", person=User.objects.get(pk=person.pk), principal=False, profile="administrator")
    require = f"/{acme.identifier}/second-factor/"
    reader.get(client, FACTORS)
    reader.get(client, f"{FACTORS}codes/")
    reader.send(client, f"{FACTORS}codes/", what="renew")
    content = reader.get(client, f"{FACTORS}passkey/").content.decode()
    options = re.search(r'data-passkey-make="([^"]+)"', content)[1].replace("&quot;", '"')
    for credential in ("", Passkey().make(options)):
        values = {"name": "Laptop", "credential": credential, "ticket": hidden(content, "ticket")}
        reader.send(client, f"{FACTORS}passkey/", **values)
    content = reader.get(client, f"{FACTORS}app/").content.decode()
    secret = re.search(r'class="qr-key">([A-Z2-7 ]+)<', content)[1]
    for code in ("000000", app_code(secret, timezone.now())):
        reader.send(client, f"{FACTORS}app/", code=code, ticket=hidden(content, "ticket"))
    reader.get(client, SECURITY)
    reader.send(client, f"{FACTORS}codes/", what="renew")
    reader.send(client, f"{FACTORS}codes/", what="kept")
    stranger = Client(headers={"Accept-Language": reader.language})
    email = User.objects.get(pk=person.pk).email
    reader.send(stranger, "/accounts/login/", login=email, password=factories.PASSWORD)
    for code in ("", "wrong"):
        reader.send(stranger, ASK, code=code)
    (code, *_others) = factors.renew_codes(user=person, actor=person_actor(person), now=timezone.now())
    reader.send(stranger, ASK, code=code)
    reader.send(client, require, required="on")
    for row in factors.factors_of(person):
        reader.send(client, FACTORS, remove=row.pk)
    reader.send(client, require)
    for row in factors.factors_of(person):
        reader.send(client, FACTORS, remove=row.pk)


def _entrance(reader: Any, person: User) -> None:
    stranger = Client(headers={"Accept-Language": reader.language})
    reader.get(stranger, "/accounts/login/?ended=idle")
    reader.get(stranger, "/accounts/login/?ended=long")
    oldportal.load_names([("SAM1", person)], timezone.now())
    email = User.objects.get(pk=person.pk).email
    for name, address in (("", "x"), ("SAM1", email)):
        reader.send(stranger, "/accounts/old-portal/", name=name, email=address)
