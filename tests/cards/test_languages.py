"""Dates, amounts and words follow the user's language; what is typed, too (GEN-8)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from cards.models import Card, CardLimit
from fleetportal.core.drafts import Draft
from tests import factories
from tests.cards.tools import again, alter, change, check, one

pytestmark = pytest.mark.rule("GEN-8")

CHECK = {"en": "Check your order", "fr": "Vérifiez votre commande", "nl": "Kijk uw bestelling na"}


@pytest.fixture
def card(number):
    card = factories.card(
        number, printed_as="1-ABC-123", max_amount=Decimal("1250.50"), expires_on=date(2028, 5, 31),
        issue_fields={"expires_on": date(2028, 5, 31), "made_on": date(2024, 5, 3),
                      "dispatched_at": datetime(2024, 7, 4, 22, 30, tzinfo=UTC)},
    )  # fmt: skip
    factories.limit(card, "diesel", amount="1250.50")
    return card


def speak(person, language):
    """Choose a language as one does: in the menu at the top."""
    seen = person.post("/accounts/language/", {"language": language, "next": person.home})
    assert seen.page.first("html").attrs["lang"] == language
    return seen


@pytest.mark.parametrize(
    ("language", "status", "expiry", "amount", "limit", "dispatched"),
    [
        ("en", "Active", "31/05/2028", "1,250.50 €", "1,250.50 euro per month", "05/07/2024"),
        ("fr", "Active", "31/05/2028", "1 250,50 €", "1 250,50", "05/07/2024"),
        ("nl", "Actief", "31-05-2028", "1.250,50 €", "1.250,50", "05-07-2024"),
    ],
)
def test_dates_and_amounts_are_written_in_the_users_way(ada, card, language, status, expiry, amount, limit, dispatched):
    speak(ada, language)
    seen = ada.get(f"cards/{card.pk}/")
    assert seen.title == f"1-ABC-123 {status}"
    text = seen.text.replace("\u202f", " ").replace("\xa0", " ")
    for said in (expiry, amount, limit):
        assert said in text
    # 22:30 UTC is half past midnight of the next day in Brussels.
    assert dispatched in text
    assert "00:30" in text
    [row] = ada.get("cards/").rows
    assert expiry in row.values()


@pytest.mark.parametrize(
    ("language", "typed", "kept"),
    [
        ("en", "250.50", "250.50"),
        ("fr", "250,50", "250,50"),
        ("nl", "250,50", "250,50"),
        ("fr", "250.50", "250,50"),
        ("nl", "250.50", "250,50"),
        ("nl", "1250", "1250,00"),
    ],
)
def test_amounts_are_typed_in_the_users_way_and_shown_so_again(ada, language, typed, kept):
    speak(ada, language)
    seen = check(ada, limit_diesel_amount=typed, max_amount=typed)
    ada.send(seen)
    expected = Decimal(typed.replace(",", "."))
    assert one(CardLimit).amount == one(Card).max_amount == expected
    form = ada.get(f"cards/{one(Card).pk}/change/?tab=limits")
    assert form.values["limit_diesel_amount"] == [kept]
    # Sent as it stands, it is the same amount.
    alter(ada, one(Card), "limits")
    assert one(CardLimit).amount == expected


@pytest.mark.parametrize(
    ("language", "typed", "meant"),
    [
        ("en", "1,250.50", "1250.50"),
        ("en", "1,250", "1250"),
        ("en", "1 250.50", "1250.50"),
        ("en", "123,456.78", "123456.78"),
        ("nl", "1.250,50", "1250.50"),
        ("nl", "1.250", "1250"),
        ("nl", "1 250,50", "1250.50"),
        ("nl", "1\xa0250.50", "1250.50"),
        ("fr", "1 250,50", "1250.50"),
        ("fr", "1\u202f250,5", "1250.50"),
        ("fr", "1\xa0250", "1250"),
        ("fr", "1.250,50", "1250.50"),
    ],
)
def test_thousands_are_grouped_as_the_language_does(ada, language, typed, meant):
    """In the order, between the form and its check, and in a change."""
    speak(ada, language)
    seen = check(ada, limit_diesel_amount=typed, max_amount=typed)
    assert seen.errors == {}
    ada.send(seen)
    card, expected = one(Card), Decimal(meant)
    assert one(CardLimit).amount == card.max_amount == expected
    with_another = {"limit_diesel_amount": typed.replace("25", "26").replace("45", "46")}
    alter(ada, card, "limits", **with_another)
    assert one(CardLimit).amount == Decimal(meant.replace("25", "26").replace("45", "46"))


@pytest.mark.parametrize(
    ("language", "capacity", "minutes"),
    [("en", "1,200", "1,440"), ("nl", "1.200", "1.440"), ("fr", "1 200", "1\u202f440"), ("nl", "1200", "1440,0")],
)
def test_whole_numbers_are_grouped_so_too(ada, language, capacity, minutes):
    speak(ada, language)
    ada.send(check(ada, tank_capacity=capacity, min_minutes_between=minutes))
    assert (one(Card).tank_capacity, one(Card).min_minutes_between) == (1200, 1440)


def test_a_whole_number_of_a_draft_is_the_same_in_every_language(ada):
    speak(ada, "nl")
    seen = check(ada, tank_capacity="1.200", min_minutes_between="90")
    speak(ada, "en")
    ada.send(ada.get(seen.path))
    assert (one(Card).tank_capacity, one(Card).min_minutes_between) == (1200, 90)


@pytest.mark.parametrize(
    ("language", "typed", "sentence"),
    [
        ("en", "1.250", "Do you mean 1250 or 1.25? Write the number so."),
        ("fr", "1.250", "Voulez-vous dire 1250 ou 1,25\xa0? Écrivez le nombre ainsi."),
        ("fr", "1,250", "Voulez-vous dire 1250 ou 1,25\xa0? Écrivez le nombre ainsi."),
        ("fr", "1.255", "Voulez-vous dire 1255 ou 1,255\xa0? Écrivez le nombre ainsi."),
        ("nl", "1,250", "Bedoelt u 1250 of 1,25? Schrijf het getal zo."),
    ],
)
def test_an_amount_that_could_mean_two_things_is_asked_again(ada, language, typed, sentence):
    speak(ada, language)
    fields = ("limit_diesel_amount", "max_amount", "tank_capacity")
    seen = check(ada, **dict.fromkeys(fields, typed))
    assert {name: said.replace("\xa0", " ") for name, said in seen.errors.items()} == dict.fromkeys(
        fields, sentence.replace("\xa0", " ")
    )
    assert {seen.inputs(name)[0].attrs["value"] for name in fields} == {typed}


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("en", "250,50"),
        ("en", "1.250,50"),
        ("nl", "1,250.50"),
        ("nl", "12.50.000"),
        ("fr", "1.25.0"),
        ("nl", "1.2500,00"),
    ],
)
def test_a_number_that_is_grouped_in_another_way_is_refused(ada, language, typed):
    speak(ada, language)
    seen = check(ada, limit_diesel_amount=typed)
    assert set(seen.errors) == {"limit_diesel_amount"}
    assert seen.inputs("limit_diesel_amount")[0].attrs["value"] == typed


@pytest.mark.parametrize(
    ("typed_in", "typed", "read_in", "shown"),
    [
        ("nl", "250,50", "en", "250.50"),
        ("fr", "1250,50", "en", "1250.50"),
        ("en", "1250.50", "nl", "1250,50"),
        ("en", "1250.50", "fr", "1250,50"),
        ("nl", "1250", "fr", "1250"),
        ("nl", "12500,5", "en", "12500.50"),
    ],
)
def test_an_order_typed_in_one_language_is_the_same_amount_in_another(ada, typed_in, typed, read_in, shown):
    """Between the form and its check, on the check, back in the form: nothing is asked again, nothing is misread."""
    amount = Decimal(typed.replace(",", "."))
    speak(ada, typed_in)
    seen = check(ada, limit_diesel_amount=typed, max_amount=typed)
    speak(ada, read_in)
    checked = ada.get(seen.path)
    assert checked.title == CHECK[read_in]
    form = ada.get(f"cards/new/?draft={one(Draft).pk}")
    for name in ("limit_diesel_amount", "max_amount"):
        assert Decimal(form.values[name][0].replace(",", ".")) == amount
        assert form.values[name][0].split(",")[0].split(".")[0] == shown.split(",")[0].split(".")[0]
        assert ("," in shown) == ("," in form.values[name][0])
    again_ = ada.send(form)
    assert again_.title == CHECK[read_in]
    speak(ada, typed_in)
    ada.send(ada.get(again_.path))
    assert one(CardLimit).amount == one(Card).max_amount == amount


def test_a_draft_of_before_is_read_as_it_was_typed(ada, acme, number):
    """Drafts used to keep what was typed; one that can't be read now is asked again, and never misread."""
    seen = check(ada, limit_diesel_amount="100")
    draft = one(Draft)
    change(draft, data={"body": draft.data["body"].replace("limit_diesel_amount=100", "limit_diesel_amount=250%2C50")})
    assert ada.get(seen.path).messages == ["Something in this order is not right any more. Look at it again."]
    speak(ada, "nl")
    ada.send(ada.get(seen.path))
    assert one(CardLimit).amount == Decimal("250.50")


def test_what_is_changed_in_one_language_is_read_in_every_other(ada, max_, card):
    speak(ada, "nl")
    seen = ada.fill(f"cards/{card.pk}/change/?tab=controls", max_amount="99,95")
    # What was typed waits in a draft, and is confirmed in whatever language is spoken by then.
    speak(ada, "en")
    ada.send(ada.get(seen.path))
    assert again(card).max_amount == Decimal("99.95")
    speak(max_, "fr")
    text = max_.get(f"cards/{card.pk}/").text
    assert "99,95 €" in text.replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("language", ["en", "fr", "nl"])
def test_hours_and_days_for_the_browsers_own_fields_are_the_same_in_every_language(ada, card, language):
    """Fields of type time and date take ISO texts alone: a form in another one would come back empty."""
    change(card, hours_from="06:00", hours_until="20:30")
    speak(ada, language)
    form = ada.get(f"cards/{card.pk}/change/?tab=controls")
    assert [value[:5] for value in form.values["hours_from"] + form.values["hours_until"]] == ["06:00", "20:30"]
    alter(ada, card, "controls")
    assert f"{again(card).hours_until:%H:%M}" == "20:30"
    seen = ada.get("cards/", expires_on_after="2028-05-31", advanced="1")
    assert seen.inputs("expires_on_after")[0].attrs["value"] == "2028-05-31"
    assert len(seen.rows) == 1


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("fr", "Cette carte est déjà bloquée."),
        ("nl", "Deze kaart is al geblokkeerd."),
    ],
)
def test_refusals_are_said_in_the_users_language(ada, number, language, sentence):
    blocked = factories.card(number, status="blocked")
    speak(ada, language)
    assert ada.get(f"cards/{blocked.pk}/block/").messages == [sentence]


@pytest.mark.parametrize(("language", "head"), [("en", "Plate or name"), ("fr", "Plaque"), ("nl", "Nummerplaat")])
def test_a_download_has_its_heads_in_the_users_language(ada, card, language, head):
    speak(ada, language)
    response = ada.client.get(ada.url("cards/"), {"format": "csv"})
    first = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()[0]
    assert head.lower()[:5] in first.lower()
