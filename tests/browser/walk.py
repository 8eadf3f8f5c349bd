"""Every page of the portal at an address that shows it, for the tests, the pictures and the audit."""

import html
import re
from dataclasses import dataclass, field

from tests.browser.people import BEGINNER, CONSULTATION, DEALER, MANAGEMENT, NOBODY, OPERATOR, PRINCIPAL
from tests.browser.running import ACME
from tests.browser.visitor import Visitor
from tests.browser.walk_settings import settings_of_company, settings_of_operator

# Addresses that show no page of ours. Each says why; whatever else is in the registry is visited.
NO_PAGE = {
    "accounts:mail": "is reached from a mail that was sent: visited in test_notices.py",
    "cards:held_run": "asks about held work, which the demonstration has none of",
    "cards:held_drop": "asks about held work, which the demonstration has none of",
    "livez": "answers programs, with JSON",
    "healthz": "answers programs, with JSON",
    "account:waiting": "leads on who starts; their colleagues are met in tests/accounts/onboarding/test_gate.py",
    "accounts:invitation": "needs the link of a mail: visited in test_colleagues.py",
    "accounts:join": "needs the link of a mail: visited in test_colleagues.py",
    "accounts:start": "leads on to a person's first page",
    "mfa_authenticate": "stands in the middle of a sign-in: visited in test_safety.py",
    "accounts:language": "takes a choice by POST and leads back",
    "accounts:theme": "takes a choice by POST and leads back",
    "cards:document": "sends a file to keep",
    "downloads:file": "sends a file to keep",
    "operator:document": "sends a file to keep",
    "operator:code_address_letter": "sends a file to keep",
    "cards:copy": "leads on to the order form, which is visited as a copy",
    "operator:retry": "shows its question only for work that stopped, and none has: visited in test_pages.py",
}


@dataclass(frozen=True)
class Place:
    """A page as somebody sees it: the name of its address, what is special, who looks, and the address itself."""

    name: str
    who: str
    path: str
    special: str = ""
    status: int = 200

    def __str__(self):
        """Return the name as it is used for files and in messages."""
        return "-".join(filter(None, (self.name.replace(":", "-"), self.special)))


@dataclass
class Walk:
    """The places, and the people who are signed in to see them."""

    portal: object
    people: dict = field(default_factory=dict)
    places: list = field(default_factory=list)

    def person(self, email):
        """Return somebody who is signed in, or came without (NOBODY)."""
        if email not in self.people:
            self.people[email] = Visitor(self.portal, email)
        return self.people[email]

    def add(self, name, who, path, special="", status=200):
        """Note a place."""
        self.places.append(Place(name, who, path, special, status))


def all_places(portal):
    """Return a walk along every page, after doing what pages need to be there: an order begun, a bulk block."""
    walk = Walk(portal)
    _company(walk, walk.person(PRINCIPAL))
    _reader(walk, walk.person(CONSULTATION))
    _fleet(walk, walk.person(PRINCIPAL))
    _operator(walk, walk.person(OPERATOR))
    _first_connection(walk, walk.person(BEGINNER))
    settings_of_company(walk)
    settings_of_operator(walk)
    _accounts(walk)
    return walk


def order_values(printed, **changes):
    """Return an order as the form takes it, for a card of Acme's with a code of the card maker's."""
    return {
        "category": "driver",
        "printed_as": printed,
        "recipient": "Acme Logistics, fleet office",
        "street": "Noorderlaan 147",
        "postal_code": "2030",
        "town": "Antwerpen",
        "country": "BE",
        "area": "everywhere",
        "code_type": "calculated",
        "pays_diesel": "on",
        "limit_diesel_amount": "150",
        "limit_diesel_unit": "eur",
        "limit_diesel_period": "week",
        "limit_diesel_on_reach": "block",
        "pays_wash": "on",
        "forbidden_days": ["6", "7"],
        "hours_from": "06:00",
        "hours_until": "20:00",
        "max_transactions": "3",
        "max_transactions_period": "day",
    } | changes


def begin_order(person, printed):
    """Fill in the order form; return the address of the page that checks it."""
    path = f"/{ACME}/cards/new/"
    page, _address = person.get(path)
    product = re.search(r'name="product"[^>]* value="(\d+)"', page)[1]
    numbers = page.split('name="customer_number"')[1].split("</select>")[0]
    number = re.search(r'<option value="(\d+)"', numbers)[1]
    answer, address = person.post(path, product=product, customer_number=number, **order_values(printed))
    assert re.search(r"/cards/new/\d+/$", address), re.findall(r"field-errors.*?</ul>", answer, re.DOTALL)
    return address.removeprefix(person.portal.url)


def begin_change(person, card):
    """Change one thing that takes effect at once and one that makes a new card; return the page that states it."""
    path = f"{card}change/?tab=controls"
    page, _address = person.get(path)
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    values = {"version": version, "area": "everywhere", "tank_capacity": "61"}
    if 'name="odometer_entry" id="id_odometer_entry" checked' not in page:
        values["odometer_entry"] = "on"
    _answer, address = person.post(path, **values)
    assert re.search(r"/cards/change/\d+/$", address), address
    return address.removeprefix(person.portal.url)


def _company(walk, person):
    cards, requests = f"/{ACME}/cards/", f"/{ACME}/requests/"
    card = rf"{cards}\d+/"

    def one(status):
        return person.first(f"{cards}?status={status}", card)

    active = one("active")
    arriving = person.first(f"{cards}?status=in_creation", rf"{card}receive/")
    walk.add("cards:home", PRINCIPAL, f"/{ACME}/")
    walk.add("cards:list", PRINCIPAL, cards)
    walk.add("cards:list", PRINCIPAL, f"{cards}?status=active&category=driver&sort=printed&view=settings", "filtered")
    walk.add("cards:list", PRINCIPAL, f"{cards}?q=nothing-is-called-this", "nothing-found")
    walk.add("cards:new", PRINCIPAL, f"{cards}new/")
    walk.add("cards:new", PRINCIPAL, f"{cards}new/?copy={active.rstrip('/').rsplit('/', 1)[1]}", "copy")
    walk.add("cards:check", PRINCIPAL, begin_order(person, "WALK ALONG"))
    # Some that can be blocked, and some that can't any more.
    rows = person.links(f"{cards}?status=active", card)[:9] + person.links(f"{cards}?status=blocked", card)[:3]
    chosen = "&".join(f"select={one.rstrip('/').rsplit('/', 1)[1]}" for one in rows)
    walk.add("cards:block_many", PRINCIPAL, f"{cards}block/?do=block&{chosen}")
    walk.add("cards:cancel_many", PRINCIPAL, f"{cards}cancel/?do=cancel&{chosen}")
    cancelled = person.first(f"{cards}?renewal_status=cancelled", card)
    walk.add("cards:card", PRINCIPAL, cancelled, "cancelled")
    walk.add("cards:cancel", PRINCIPAL, person.first(f"{cards}?status=active&renewal_status=none", rf"{card}cancel/"))
    walk.add("cards:take_back", PRINCIPAL, f"{cancelled}take_back/")
    walk.add("cards:reissue_many", PRINCIPAL, f"{cards}reissue/?do=reissue&{chosen}")
    walk.add(
        "cards:reissue", PRINCIPAL, person.first(f"{cards}?status=active&code_type=calculated", rf"{card}reissue/")
    )
    letter = person.first(f"{requests}?kind=code_letter", rf"{requests}\d+/")
    walk.add("cards:request", PRINCIPAL, letter, "code-letter")
    walk.add("cards:code_addresses", PRINCIPAL, f"/{ACME}/code-addresses/")
    chosen = "&".join(f"select={one.rstrip('/').rsplit('/', 1)[1]}" for one in [cancelled, *rows])
    walk.add("cards:take_back_many", PRINCIPAL, f"{cards}take_back/?do=take_back&{chosen}")
    for status in ("active", "new", "blocked", "expired", "withdrawn"):
        walk.add("cards:card", PRINCIPAL, one(status), status)
    walk.add("cards:card", PRINCIPAL, arriving.removesuffix("receive/"), "dispatched")
    for tab in ("general", "products", "limits", "controls", "code"):
        walk.add("cards:change", PRINCIPAL, f"{active}change/?tab={tab}", tab)
    walk.add("cards:change_check", PRINCIPAL, begin_change(person, active))
    changed = person.first(f"{requests}?kind=changed&status=received", rf"{requests}\d+/")
    walk.add("cards:request", PRINCIPAL, changed, "changed")
    walk.add("cards:card", PRINCIPAL, person.first(changed, card), "changed")
    walk.add("cards:block", PRINCIPAL, f"{active}block/")
    walk.add("cards:delete", PRINCIPAL, person.first(f"{cards}?status=new", rf"{card}delete/"))
    walk.add("cards:receive", PRINCIPAL, arriving)
    walk.add("cards:requests", PRINCIPAL, requests)
    waiting = person.first(f"{requests}?status=received", rf"{requests}\d+/withdraw/")
    walk.add("cards:request", PRINCIPAL, waiting.removesuffix("withdraw/"), "received")
    ended = person.first(f"{requests}?status=dispatched", rf"{requests}\d+/")
    walk.add("cards:request", PRINCIPAL, ended, "ended")
    walk.add("cards:withdraw", PRINCIPAL, waiting)
    walk.add("cards:attach", PRINCIPAL, waiting.replace("withdraw/", "documents/new/"))
    walk.add("cards:job", PRINCIPAL, _job(person, cards))
    walk.add("cards:held", PRINCIPAL, f"/{ACME}/jobs/held/")
    walk.add("downloads:list", PRINCIPAL, _download(person))
    walk.add("downloads:new", PRINCIPAL, f"/{ACME}/downloads/new/?kind=xlsx&list={cards}")
    walk.add("not_found", PRINCIPAL, f"{cards}999999999/", status=404)


def _download(person):
    """Ask for a file; return the address of the page that shows it."""
    _page, address = person.post(f"/{ACME}/downloads/new/?kind=xlsx&list=/{ACME}/requests/")
    return address.removeprefix(person.portal.url)


def _job(person, cards):
    """Block an active card, and six that can't be blocked any more; return the address of the job's progress."""
    rows = person.links(f"{cards}?status=active", rf"{cards}\d+/")[-1:]
    rows += person.links(f"{cards}?status=blocked", rf"{cards}\d+/")[:6]
    chosen = "&".join(f"select={one.rstrip('/').rsplit('/', 1)[1]}" for one in rows)
    _page, address = person.post(f"{cards}block/?do=block&{chosen}", reason="loss")
    return address.removeprefix(person.portal.url)


def _reader(walk, person):
    """What somebody who only reads sees."""
    cards, requests = f"/{ACME}/cards/", f"/{ACME}/requests/"
    walk.add("cards:home", CONSULTATION, f"/{ACME}/", "reader")
    walk.add("cards:list", CONSULTATION, cards, "reader")
    walk.add("cards:card", CONSULTATION, person.first(f"{cards}?status=active", rf"{cards}\d+/"), "reader")
    walk.add("cards:requests", CONSULTATION, requests, "reader")
    walk.add("refused", CONSULTATION, f"{cards}new/", status=403)


def _fleet(walk, person):
    """Vehicles and drivers: their lists, one of each, and what is done with it."""
    for kind, singular, one_more in (("vehicles", "vehicle", ""), ("drivers", "driver", "_driver")):
        listed = f"/{ACME}/{kind}/"
        one = person.first(f"{listed}?state=active", rf"{listed}\d+/")
        walk.add("vehicles:list" if kind == "vehicles" else "vehicles:drivers", PRINCIPAL, listed)
        walk.add(f"vehicles:{singular}", PRINCIPAL, one)
        walk.add(f"vehicles:new{one_more}", PRINCIPAL, f"{listed}new/")
        walk.add(f"vehicles:change{one_more}", PRINCIPAL, f"{one}change/")
        walk.add(f"vehicles:end{one_more}", PRINCIPAL, f"{one}end/")
    walk.add("vehicles:list", CONSULTATION, f"/{ACME}/vehicles/?q=nothing-is-called-this", "nothing-found")
    walk.person(MANAGEMENT)
    walk.add("account:own", MANAGEMENT, f"/{ACME}/mine/")
    walk.add("account:own", CONSULTATION, f"/{ACME}/mine/", "nothing")


def _operator(walk, person):
    def one(path):
        return person.first(path, rf"{path}\d+/")

    walk.add("operator:home", OPERATOR, "/operator/")
    walk.add("operator:requests", OPERATOR, "/operator/requests/")
    walk.add("operator:requests", OPERATOR, "/operator/requests/?status=all", "all")
    walk.add("operator:request", OPERATOR, one("/operator/requests/"))
    ended = person.first("/operator/requests/?status=dispatched", r"/operator/requests/\d+/")
    walk.add("operator:request", OPERATOR, ended, "ended")
    walk.add("operator:produce", OPERATOR, "/operator/produce/?oldest=1")
    walk.add("operator:batches", OPERATOR, "/operator/batches/")
    walk.add("operator:batch", OPERATOR, one("/operator/batches/"))
    walk.add("operator:files", OPERATOR, "/operator/files/")
    walk.add("operator:file", OPERATOR, one("/operator/files/"))
    aside = _set_aside(person)
    if aside:
        walk.add("operator:file", OPERATOR, aside, "set-aside")
    addresses = "/operator/code-addresses/"
    walk.add("operator:code_addresses", OPERATOR, addresses)
    walk.add("operator:code_address", OPERATOR, one(addresses))
    walk.add("operator:code_address_change", OPERATOR, f"{one(addresses)}change/")
    walk.add("operator:products", OPERATOR, "/operator/products/")
    walk.add("operator:product", OPERATOR, one("/operator/products/"))
    for number, file in enumerate(person.links("/operator/files/?aside=on", r"/operator/files/\d+/"), 1):
        walk.add("operator:settle_file", OPERATOR, f"{file}settle/", str(number))
        for line in person.links(file, r"/operator/lines/\d+/settle/"):
            walk.add("operator:settle_line", OPERATOR, line)
    walk.add("operator:work", OPERATOR, "/operator/work/")
    walk.add("operator:mail", OPERATOR, "/operator/mail/")
    walk.add("operator:caught", OPERATOR, "/operator/mail/demonstration/")


def _first_connection(walk, person):
    """The steps of Cedar's principal user, who stands at the last one in the end and does not finish."""
    start = "/PRO-CEDARA/start/"
    page, address = person.get(f"{start}introduction/")
    if address.endswith("/introduction/"):
        ticks = dict.fromkeys(re.findall(r'<input type="checkbox" name="(v\d+_\d+)"', page), "on")
        person.post(f"{start}introduction/", **ticks)
    values = {"last_name": "Fontaine", "first_name": "Julie", "email": BEGINNER, "phone": "081550440"}
    person.post(f"{start}information/", **values)
    person.post(f"{start}users/")
    for step in ("introduction", "information", "users", "end"):
        walk.add(f"account:start_{step}", BEGINNER, f"{start}{step}/")
    colleague = person.first(f"{start}users/", rf"{start}users/\?user=\d+#opened").removesuffix("#opened")
    walk.add("account:start_users", BEGINNER, colleague, "opened")
    walk.add("account:conditions", PRINCIPAL, f"/{ACME}/conditions/")
    walk.add("operator:conditions", OPERATOR, "/operator/conditions/")
    walk.add("operator:conditions_new", OPERATOR, "/operator/conditions/new/")
    version = walk.person(OPERATOR).first("/operator/conditions/", r"/operator/conditions/\d+/")
    walk.add("operator:conditions_version", OPERATOR, version)


def _set_aside(person):
    """Return the address of a file of which something was set aside, where the list shows one."""
    page, _address = person.get("/operator/files/")
    for row in page.split("<tr>"):
        if "status-set_aside" in row:
            return re.search(r'href="(/operator/files/\d+/)"', row)[1]
    return None


def _notices(walk, person):
    """What one was told: a card is blocked first, so that there is something."""
    cards, notices = f"/{ACME}/cards/", f"/{ACME}/notices/"
    last = person.links(f"{cards}?status=active", rf"{cards}\d+/")[-1]
    person.post(f"{last}block/", reason="loss", duplicate="no")
    walk.add("account:notices", PRINCIPAL, notices)
    walk.add("account:notices", PRINCIPAL, f"{notices}?state=read", "read")
    page, _address = person.get(notices)
    walk.add("account:notice", PRINCIPAL, re.search(rf'action="({notices}\d+/)"', page)[1])
    walk.add("account:notices_read", PRINCIPAL, f"{notices}read/")
    walk.add("account:my_notices", PRINCIPAL, f"{notices}mine/")
    walk.add("account:notice_settings", PRINCIPAL, f"{notices}settings/")


def _safety(walk, person):
    """What protects one's own account; of somebody whose account no other test needs."""
    walk.add("safety:overview", DEALER, "/accounts/security/")
    for name in ("profile", "security/email", "security/mobile", "security/sessions", "security/second-factor"):
        walk.add(f"safety:{name.rpartition('/')[2].replace('-', '_')}", DEALER, f"/accounts/{name}/")
    for name in ("app", "passkey", "codes"):
        walk.add(f"safety:{name}", DEALER, f"/accounts/security/second-factor/{name}/")
    person.post("/accounts/security/mobile/", number="0470 12 34 56")
    walk.add("safety:mobile_code", DEALER, "/accounts/security/mobile/code/")
    walk.add("account:second_factor", PRINCIPAL, f"/{ACME}/second-factor/")


def _colleagues(walk, person):
    """The users of the company: the lists, one who is invited, one who is inactive, and what is done with them."""
    users = f"/{ACME}/users/"
    walk.add("account:users", PRINCIPAL, users)
    walk.add("account:rights", PRINCIPAL, f"{users}rights/")
    walk.add("account:new_user", PRINCIPAL, f"{users}new/")
    invited, inactive, active = (
        person.first(f"{users}?state={state}", rf"{users}\d+/") for state in ("invited", "inactive", "active")
    )
    walk.add("account:user", PRINCIPAL, invited)
    walk.add("account:change_user", PRINCIPAL, f"{active}change/")
    walk.add("account:deactivate_user", PRINCIPAL, f"{active}deactivate/")
    walk.add("account:activate_user", PRINCIPAL, f"{inactive}activate/")
    walk.add("account:invite_user", PRINCIPAL, f"{invited}invite/")
    walk.add("account:withdraw_user", PRINCIPAL, f"{invited}withdraw/")


def _accounts(walk):
    _safety(walk, walk.person(DEALER))
    _notices(walk, walk.person(PRINCIPAL))
    _colleagues(walk, walk.person(PRINCIPAL))
    walk.add("account_login", NOBODY, "/accounts/login/")
    walk.add("account_login", NOBODY, "/accounts/login/?ended=idle", "away")
    walk.add("safety:old_portal", NOBODY, "/accounts/old-portal/")
    walk.add("safety:old_portal", NOBODY, "/accounts/old-portal/?sent", "sent")
    walk.add("safety:email_confirm", NOBODY, "/accounts/email/confirm/1-made-up/", "spent", status=410)
    walk.add("safety:email_undo", NOBODY, "/accounts/email/undo/1-made-up/", "spent", status=410)
    walk.add("account_reset_password", NOBODY, "/accounts/password/reset/")
    walk.add("account_reset_password_done", NOBODY, "/accounts/password/reset/done/")
    walk.add("account_reset_password_from_key", NOBODY, "/accounts/password/reset/key/1-no-such-key/", "spent")
    walk.add("account_reset_password_from_key_done", NOBODY, "/accounts/password/reset/key/done/")
    walk.add("account_inactive", NOBODY, "/accounts/inactive/")
    walk.add("account_logout", PRINCIPAL, "/accounts/logout/")
    walk.add("account_reauthenticate", PRINCIPAL, "/accounts/reauthenticate/")
    walk.add("account_change_password", PRINCIPAL, "/accounts/password/change/")


def reset_link(walk, email):
    """Ask for a new password, and return the link that stands in the demonstration's mail."""
    Visitor(walk.portal).post("/accounts/password/reset/", email=email)
    page, _address = walk.person(OPERATOR).get("/operator/mail/demonstration/")
    found = re.search(r'/accounts/password/reset/key/[^"\s<]+', html.unescape(page))
    return found[0] if found else None
