"""The pages and mails of a company's people, fleet and settings, read as somebody who uses all of them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.colleagues.finding import find_again
from accounts.models import Company, FleetDivision, Invitation, Membership, MultipassRequest, User
from accounts.work import tell_administrators
from fleetportal.core.pages import listing
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
from tests import factories
from tests.accounts.mailbox import send_waiting
from tests.factories import NOW
from tests.house import own_onboarding
from vehicles.finding import find_drivers, find_vehicles
from vehicles.models import Driver, Vehicle

PASSWORD = "Vlinder 27 boven Gent!"
COLLEAGUE = {
    "last_name": "Peeters", "first_name": "An", "phone": "0470123456", "profile": "consultation",
    "applications": ["cards", "requests", "users"], "levels": "suggested", "number_reach": "all",
    "division_reach": "all",
}  # fmt: skip


def read_company(reader: Any, fleet: Any, carry_out: Any) -> None:
    """Read everything; the role of the principal user is handed over at last."""
    _fleet(reader, fleet)
    _own(reader, fleet)
    _colleagues(reader, fleet)
    _invitations(reader, fleet)
    _divisions(reader, fleet)
    _multipass(reader, fleet)
    _loading(reader, fleet)
    _lists(reader, fleet, carry_out)
    _held(reader, fleet)
    _companies(reader, fleet)
    _first_connection(reader, fleet)
    for query in ("", "?q=zzzz", "?format=csv"):
        reader.get(fleet.ada, f"{fleet.base}activity/{query}")
    _handover(reader, fleet)


def _rows(model: Any, **which: Any) -> list[Any]:
    with all_companies(reason="a test looks"):
        return list(model.objects.filter(**which).order_by("pk"))


def _member(reader: Any, fleet: Any, name: str, **fields: Any) -> Membership:
    """Make a colleague who reads in the same language."""
    person = factories.user(name, last_name="Claes", phone="0470123456", language=reader.language)
    fields = {"profile": "management", "principal": False, **fields}
    made = factories.member(fleet.number.company, name, person=person, **fields)
    with all_companies(reason="test data"):
        find_again([made.pk])
    return made


def _signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def _fleet(reader: Any, fleet: Any) -> None:
    """Vehicles and drivers: lists, a page each, new ones, changes, and the end."""
    ada, base = fleet.ada, fleet.base
    with all_companies(reason="test data"):
        find_vehicles(Vehicle.objects.all())
        find_drivers(Driver.objects.all())
    vehicle = {"plate": "1-NEE-123", "plate_country": "BE", "customer_number": fleet.number.pk}
    driver = {"last_name": "Maes", "first_name": "Nora", "customer_number": fleet.number.pk}
    for what, form in (("vehicles", vehicle), ("drivers", driver)):
        for query in ("", "?advanced=1", "?q=zzzz", "?state=left", "?format=csv"):
            reader.get(ada, f"{base}{what}/{query}")
        reader.send(ada, f"{base}{what}/new/")
        reader.send(ada, f"{base}{what}/new/", **dict.fromkeys(form, "é#" * 90))
        made = reader.send(ada, f"{base}{what}/new/", **form).redirect_chain[-1][0]
        reader.get(ada, f"{made}change/")
        reader.send(ada, f"{made}change/", version=1, **form)
        reader.send(ada, f"{made}change/", version=1, **form)
        reader.send(ada, f"{made}end/")
        reader.get(ada, f"{made}end/")
        reader.get(fleet.cora, made)


def _own(reader: Any, fleet: Any) -> None:
    """What is in one's own name: nothing at first, then cards on all stages of their way; and twice the same driver."""
    ada, base = fleet.ada, fleet.base
    reader.get(ada, f"{base}mine/")
    [member] = _rows(Membership, user__first_name="Ada")
    driver = factories.driver(fleet.number, "Ada", member=member)
    for status, issue in (("active", {}), ("new", {}), ("in_creation", {}), ("in_creation", {"dispatched_at": NOW})):
        car = factories.vehicle(fleet.number, make="Skoda", fuel="diesel")
        factories.limit(factories.card(fleet.number, status=status, driver=driver, vehicle=car, issue_fields=issue))
    of_two_ranks = factories.card(fleet.number, driver=driver)
    factories.issue(of_two_ranks, rank=2, status="new")
    for path in ("", "mine/"):
        reader.get(ada, f"{base}{path}")
    form = {"last_name": "Maes", "first_name": "Nora", "customer_number": fleet.number.pk, "member": member.pk}
    reader.send(ada, f"{base}drivers/new/", **form)


def _colleagues(reader: Any, fleet: Any) -> None:
    """Users: the list, rights, a new one, changes, inactive and active again, each refused once."""
    ada, users = fleet.ada, f"{fleet.base}users/"
    limited = _member(reader, fleet, "Nina", customer_numbers=[fleet.number], divisions=[fleet.division])
    for query in ("", "?advanced=1", "?q=zzzz", "?format=csv", "rights/", "rights/?format=csv"):
        reader.get(ada, f"{users}{query}")
    reader.send(ada, f"{users}new/")
    reader.send(ada, f"{users}new/", **COLLEAGUE | {"email": "x", "phone": "12", "last_name": "2", "profile": "x"})
    reader.send(ada, f"{users}new/", email="an@people.example", language=reader.language, **COLLEAGUE)
    page = f"{users}{limited.pk}/"
    reader.get(ada, page)
    some = {
        **COLLEAGUE, "last_name": "Claes", "first_name": "Nina", "number_reach": "some", "division_reach": "some",
        "customer_numbers": [fleet.number.pk], "divisions": [fleet.division.pk], "levels": "chosen",
        "change_applications": ["cards"], "valid_until": (timezone.localdate() + timedelta(days=9)).isoformat(),
    }  # fmt: skip
    for version in (1, 1):
        reader.send(ada, f"{page}change/", version=version, **some)
    reader.send(ada, f"{page}change/", version=2, **some | {"number_reach": "none", "profile": ""})
    for act in ("activate", "deactivate", "deactivate", "activate", "invite", "withdraw"):
        reader.get(ada, f"{page}{act}/")
        reader.send(ada, f"{page}{act}/")
    reader.get(ada, page)


def _invitations(reader: Any, fleet: Any) -> None:
    """Taken up, answered wrongly until it ends, sent once more, and withdrawn."""
    ada, users = fleet.ada, f"{fleet.base}users/"
    [made] = _rows(Membership, user__email="an@people.example")
    page = f"{users}{made.pk}/"
    browser = _opened(reader, made)
    reader.get(browser, "/invitations/")
    wrong = {"last_name": "X", "first_name": "AN", "phone": "0470123456"}
    for passwords in ({"password1": "a", "password2": "b"}, *[{"password1": PASSWORD, "password2": PASSWORD}] * 5):
        reader.send(browser, "/invitations/", **wrong, **passwords)
    reader.get(ada, page)
    for act in ("invite", "withdraw", "invite"):
        reader.get(ada, f"{page}{act}/")
        reader.send(ada, f"{page}{act}/")
    browser = _opened(reader, made)
    right = {"last_name": "PEETERS", "first_name": "AN", "phone": "0470123456"}
    reader.send(browser, "/invitations/", **right, password1=PASSWORD, password2=PASSWORD)
    reader.get(ada, page)
    reader.get(fleet.stranger, f"/invitations/{'0' * 64}/")


def _opened(reader: Any, made: Membership) -> Client:
    """Return a browser in which the newest invitation was opened by its button."""
    send_waiting()
    texts = [str(one.body) for one in mail.outbox if one.to == [made.user.email]]
    link = [path for text in texts for path in re.findall(r"/invitations/[0-9a-f]{64}/", text)][-1]
    browser = Client(headers={"Accept-Language": reader.language})
    reader.send(browser, link)
    return browser


def _divisions(reader: Any, fleet: Any) -> None:
    """A new one, another name, moved, closed, opened, removed; each refused once."""
    ada, base = fleet.ada, f"{fleet.base}divisions/"
    reader.send(ada, f"{base}new/")
    for _time in range(2):
        reader.send(ada, f"{base}new/", customer_number=fleet.number.pk, name="Sud")
    [south] = _rows(FleetDivision, name="Sud")
    for query in ("", "?advanced=1", "?q=zzzz", "?format=csv"):
        reader.get(ada, f"{base}{query}")
    for name in ("", "Nord", "Midi"):
        reader.send(ada, f"{base}{south.pk}/rename/", name=name)
    north = f"{base}{fleet.division.pk}/"
    reader.send(ada, f"{base}{south.pk}/move/")
    reader.get(ada, f"{north}move/")
    reader.send(ada, f"{north}move/")
    reader.send(ada, f"{north}move/", target=south.pk)
    reader.get(ada, f"{base}{south.pk}/remove/")
    for act in ("open", "close", "close", "open", "remove"):
        reader.get(ada, f"{north}{act}/")
        reader.send(ada, f"{north}{act}/")
        reader.get(ada, north)
    # Nothing lies in this one, and nobody is limited to it.
    reader.send(ada, f"{base}{factories.division(fleet.number, 'Est').pk}/remove/")
    reader.get(ada, base)


def _multipass(reader: Any, fleet: Any) -> None:
    """A member asks the principal user, the principal user the operator; approved and refused."""
    ada, otto, base = fleet.ada, fleet.otto, f"{fleet.base}multipass/"
    nina = _signed_in(User.objects.get(first_name="Nina"))
    reader.get(nina, f"{fleet.base}cards/")
    reader.send(nina, f"{base}ask/")
    for answer in ({"decision": "no", "answer": "Non."}, {"decision": "yes"}):
        for _time in range(2):
            reader.send(nina, f"{base}ask/", number="", reason="Dépôt.")
        asked = _rows(MultipassRequest)[-1]
        reader.get(ada, base)
        reader.send(ada, f"{base}{asked.pk}/")
        for _time in range(2):
            reader.send(ada, f"{base}{asked.pk}/", **answer)
    reader.send(ada, f"{base}ask/", number="", reason="Dépôt.")
    reader.send(ada, f"{base}ask/", number="99887766", reason="Dépôt.")
    asked = _rows(MultipassRequest)[-1]
    reader.get(ada, base)
    reader.get(otto, "/operator/multipass/")
    reader.send(otto, f"/operator/multipass/{asked.pk}/")
    reader.send(otto, f"/operator/multipass/{asked.pk}/", decision="no", answer="Non.")
    reader.get(otto, "/operator/multipass/")


def _loading(reader: Any, fleet: Any) -> None:
    """Files of users, divisions and a company: wrong, right and applied."""
    ada, otto, base = fleet.ada, fleet.otto, fleet.base
    user = {
        "last_name": "Smet", "first_name": "Bo", "email": "bo@people.example", "phone": "0470123456",
        "profile": "consultation", "applications": {"fr": "Demandes", "nl": "Aanvragen"}[reader.language],
    }  # fmt: skip
    division = {"customer_number": fleet.number.number, "name": "Garage"}
    company = {
        "sheet": "company", "legal_name": "Delta", "principal_last_name": "Dupont", "principal_first_name": "Zoe",
        "principal_email": "zoe@delta.example", "principal_phone": "081550440",
        "principal_language": reader.language,
    }  # fmt: skip
    number = {
        "sheet": "numbers", "customer_number": "00899999", "name": "Delta", "recipient": "Delta", "street": "Rue 1",
        "postal_code": "5000", "town": "Namur",
    }  # fmt: skip
    for client, page, lines in (
        (ada, f"{base}users/import/", [user]),
        (ada, f"{base}divisions/import/", [division]),
        (otto, "/operator/companies/load/", [company, number]),
    ):
        reader.get(client, page)
        reader.send(client, page)
        reader.send(client, page, file=SimpleUploadedFile("x.pdf", b"%PDF-1.7\n"))
        wrong = [{name: value if name == "sheet" else "é#;2" for name, value in line.items()} for line in lines]
        for rows in (wrong, [*lines, *lines], lines):
            done = reader.send(client, page, file=_text(rows))
            reader.get(client, page)
        reader.send(client, done.redirect_chain[-1][0])


def _text(rows: list[dict[str, str]]) -> SimpleUploadedFile:
    heads = list(dict.fromkeys(name for row in rows for name in row))
    lines = [heads, *([f'"{row.get(name, "")}"' for name in heads] for row in rows)]
    return SimpleUploadedFile("file.csv", "\n".join(";".join(line) for line in lines).encode(), "text/csv")


def _lists(reader: Any, fleet: Any, carry_out: Any) -> None:
    """Views of lists, the search, and a list that becomes a file."""
    ada, base = fleet.ada, fleet.base
    for client, area, page in ((ada, base, f"{base}cards/"), (fleet.otto, "/operator/", "/operator/requests/")):
        new = f"{area}views/new/?list={page}%3Fq%3D1"
        reader.send(client, new, name="")
        reader.send(client, new, name="Perso")
        place = reader.send(client, f"{new}2", name="Perso2").redirect_chain[-1][0]
        view = f"{area}views/{re.search(r'saved=([0-9]+)', place)[1]}/"
        reader.get(client, place)
        reader.send(client, view, name="Perso")
        reader.get(client, view)
        reader.send(client, f"{view}delete/")
    for typed in ("", "1-ABC", "zzzz", "Peeters"):
        reader.get(ada, f"{base}search/?q={typed}")
    cap, listing.STREAM_CAP = listing.STREAM_CAP, 1
    try:
        reader.get(ada, f"{base}cards/")
        reader.get(ada, f"{base}downloads/")
        reader.send(ada, f"{base}downloads/new/?list={base}cards/&kind=csv")
    finally:
        listing.STREAM_CAP = cap
    reader.send(ada, f"{base}downloads/new/")
    reader.get(ada, f"{base}downloads/")
    carry_out("downloads.make")
    page = reader.get(ada, f"{base}downloads/").content.decode()
    reader.get(ada, re.search(r'href="([^"]*/downloads/[0-9]+/)"', page)[1])


def _held(reader: Any, fleet: Any) -> None:
    """Work that is held since who asked for it may not do it any more: let run, and dropped."""
    asked = User.objects.get(first_name="Nina")
    page = f"{fleet.base}jobs/held/"
    reader.get(fleet.ada, page)
    for act in ("drop", "run"):
        item = factories.work_item(
            fleet.number.company, status="held", requested_by=asked, subject="K1", kind="cards.block_many", payload={}
        )
        with all_companies(reason="test data"):
            tell_administrators(item, timezone.now())
        reader.get(fleet.ada, fleet.base)
        reader.get(fleet.ada, page)
        for _time in range(2):
            reader.send(fleet.ada, f"{page}{item.pk}/{act}/")
    with all_companies(reason="test data"):
        WorkItem.objects.filter(subject="K1").update(status="cancelled")


def _companies(reader: Any, fleet: Any) -> None:
    """The operator's companies and their parts, and what a company sees of these."""
    otto, page = fleet.otto, "/operator/companies/"
    for query in ("", "?advanced=1", "?q=zzzz", "?format=csv"):
        reader.get(otto, f"{page}{query}")
    acme = f"{page}{fleet.number.company.pk}/"
    reader.get(otto, acme)
    reader.send(otto, f"{acme}options/", on=["cards"], version="x")
    content = reader.get(otto, f"{acme}options/").content.decode()
    version = re.search(r'name="version" value="([^"]*)"', content)[1]
    reader.send(otto, f"{acme}options/", on=["cards", "requests", "users", "divisions"], version=version)
    reader.get(fleet.ada, f"{fleet.base}vehicles/")
    reader.get(fleet.ada, f"{fleet.base}options/")
    with all_companies(reason="test data"):
        Company.objects.filter(pk=fleet.number.company.pk).update(options_off=[])
        delta = Company.objects.get(legal_name="Delta")
    for company in (delta.pk, fleet.number.company.pk):
        reader.get(otto, f"{page}{company}/first-connection/")
        reader.send(otto, f"{page}{company}/first-connection/")
    send_waiting()


def _first_connection(reader: Any, fleet: Any) -> None:
    """Conditions are published and accepted; Cedar starts, whose colleague waits meanwhile."""
    otto = fleet.otto
    reader.get(otto, "/operator/conditions/")
    reader.send(otto, "/operator/conditions/new/")
    words = {f"{part}_1_{code}": f"Clause {code}" for part in ("title", "text") for code in ("en", "fr", "nl")}
    reader.send(otto, "/operator/conditions/new/", **words, after=0, read="on")
    cedar = factories.company("Cedar", initialised_at=None)
    factories.customer_number(cedar, name="Parc 1", recipient="Cedar, Namur")
    vera = factories.user("Vera", last_name="Claes", email="vera@cedar.example", language=reader.language)
    factories.member(cedar, "Vera", person=vera)
    walt = factories.user("Walt", last_name="Maes", language=reader.language)
    factories.member(cedar, "Walt", person=walt, principal=False, profile="consultation")
    base = f"/{cedar.identifier}/"
    reader.get(_signed_in(walt), base)
    client = _signed_in(vera)
    reader.send(client, f"{base}start/introduction/")
    reader.send(client, f"{base}start/introduction/", v1_1="on")
    reader.send(client, f"{base}start/information/", **own_onboarding.INFORMATION | {"phone": "12", "last_name": ""})
    reader.send(client, f"{base}start/information/", **own_onboarding.INFORMATION)
    reader.send(client, f"{base}start/users/")
    reader.send(client, f"{base}start/end/")
    reader.get(client, base)
    ada = _signed_in(User.objects.get(first_name="Ada"))
    reader.get(ada, fleet.base)
    reader.send(ada, f"{fleet.base}conditions/")
    reader.send(ada, f"{fleet.base}conditions/", v1_1="on")
    reader.get(ada, f"{fleet.base}conditions/")
    reader.get(otto, "/operator/conditions/")


def _handover(reader: Any, fleet: Any) -> None:
    """The role goes over; what was asked for is refused to who has it no more."""
    to = _member(reader, fleet, "Piet")
    page = f"{fleet.base}handover/"
    reader.get(fleet.ada, page)
    reader.send(fleet.ada, page, member=to.pk)
    reader.send(fleet.ada, page, member=to.pk, sure="on")
    reader.get(fleet.ada, page)
    reader.get(fleet.ada, f"{fleet.base}users/{to.pk}/")
    assert _rows(Invitation)
