"""Several customer numbers and companies with one login, and asking for more (ACC-30, ACC-31)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import CustomerNumber, Membership, MultipassRequest
from fleetportal.core.scope import all_companies
from tests import factories
from tests.accounts.mailbox import caught, send_waiting
from tests.accounts.settings.conftest import again, browser, entries, read, said

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-31")]


@pytest.fixture
def nina(firm):
    return factories.member(firm.acme, "Nina", principal=False, profile="management", customer_numbers=[firm.one])


def ask(firm, member, number="", reason="We order for the depot."):
    answer = firm.send("multipass/ask/", by=member, number=number, reason=reason)
    return answer, next(iter(read(MultipassRequest, membership=member)), None)


def reach(member):
    with all_companies(reason="a test looks"):
        member = Membership.objects.get(pk=member.pk)
        return None if member.all_customer_numbers else {one.customer_number_id for one in member.numbers.all()}


@pytest.mark.parametrize("path", ["cards/", "cards/new/", "requests/"])
def test_the_way_to_ask_stands_on_order_forms_and_lists(firm, nina, path):
    link = f'href="{firm.url("multipass/ask/")}"'
    assert link in firm.get(path, by=nina).content.decode()
    max_ = factories.member(firm.acme, "Max")
    assert link not in firm.get(path, by=max_).content.decode()


@pytest.mark.parametrize("wanted", ["all", "two"])
def test_the_principal_user_approves_and_the_member_works_for_it_at_once(firm, nina, wanted):
    number = "" if wanted == "all" else firm.two.number
    answer, asked = ask(firm, nina, number)
    assert "Your request is sent." in said(answer)
    assert not asked.for_operator
    send_waiting()
    [mail] = caught()
    assert mail.to == [firm.ada.user.email]
    assert firm.url(f"multipass/{asked.pk}/") in mail.body
    assert "We order for the depot." in mail.body
    page = firm.get(f"multipass/{asked.pk}/").content.decode()
    assert "We order for the depot." in page
    answer = firm.send(f"multipass/{asked.pk}/", decision="yes")
    assert "The request is approved." in said(answer)
    assert reach(nina) == (None if wanted == "all" else {firm.one.pk, firm.two.pk})
    after = again(asked)
    assert (after.outcome, after.decided_by_id) == ("approved", firm.ada.user_id)
    assert len(entries("multipass.asked")) == len(entries("multipass.approved")) == 1
    assert len(entries("accounts.member_changed", object_id=nina.pk)) == 1
    send_waiting()
    told = [mail for mail in caught() if mail.to == [nina.user.email]]
    assert any("from now on" in mail.body for mail in told)


def test_a_refusal_has_its_reason_which_the_member_reads(firm, nina):
    _answer, asked = ask(firm, nina)
    answer = firm.send(f"multipass/{asked.pk}/", decision="no")
    assert answer.context["form"].errors["answer"]
    firm.send(f"multipass/{asked.pk}/", decision="no", answer="The depot has its own people.")
    assert again(asked).outcome == "refused"
    assert reach(nina) == {firm.one.pk}
    send_waiting()
    [mail] = [mail for mail in caught() if mail.to == [nina.user.email]]
    assert "was refused" in mail.body
    assert "The depot has its own people." in mail.body
    assert "answered already" in said(firm.send(f"multipass/{asked.pk}/", decision="yes"))
    # Who was refused may ask again.
    answer, _asked = ask(firm, nina)
    assert "Your request is sent." in said(answer)


def test_one_request_waits_at_a_time(firm, nina):
    ask(firm, nina)
    answer, _asked = ask(firm, nina, firm.two.number)
    assert "You have asked already." in said(answer)
    assert len(read(MultipassRequest)) == 1


def test_asking_says_nothing_about_which_numbers_there_are(firm, nina):
    """A number of the company, another company's, and none at all are answered alike."""
    borea = factories.customer_number(factories.company("Borea"))
    for number in (firm.two.number, borea.number, "99999999"):
        answer, asked = ask(firm, nina, number)
        assert "Your request is sent." in said(answer)
        page = firm.get(f"multipass/{asked.pk}/").content.decode()
        assert ("you can only refuse" in page) == (number != firm.two.number)
        assert ('value="yes"' in page) == (number == firm.two.number)
        if number != firm.two.number:
            answer = firm.send(f"multipass/{asked.pk}/", decision="yes")
            assert "Your company does not have this customer number." in answer.content.decode()
            assert reach(nina) == {firm.one.pk}
        with all_companies(reason="test data"):
            MultipassRequest.objects.all().delete()
    answer, asked = ask(firm, nina, firm.one.number)
    assert answer.context["form"].errors["number"]
    assert asked is None


@pytest.mark.parametrize(("number", "reason"), [("1" * 13, "x"), ("1", ""), ("1", "x" * 301)])
def test_bad_input_is_refused_at_its_field(firm, nina, number, reason):
    answer, asked = ask(firm, nina, number, reason)
    assert answer.context["form"].errors
    assert asked is None


def test_nobody_but_the_principal_user_decides(firm, nina):
    _answer, asked = ask(firm, nina)
    rita = factories.member(firm.acme, "Rita", principal=False, profile="administrator")
    for person in (nina, rita):
        for path in ("multipass/", f"multipass/{asked.pk}/"):
            assert firm.as_(person).get(firm.url(path)).status_code == 403
        assert firm.as_(person).post(firm.url(f"multipass/{asked.pk}/"), {"decision": "yes"}).status_code == 403
    ben = factories.member(factories.company("Borea"), "Ben")
    assert browser(ben.user).get(f"/PRO-BOREAA/multipass/{asked.pk}/").status_code == 404
    assert reach(nina) == {firm.one.pk}


def test_a_principal_users_own_request_goes_to_operator_staff_who_add_the_number(firm, otto):
    answer, asked = ask(firm, firm.ada)
    assert answer.context["form"].errors["number"]
    answer, asked = ask(firm, firm.ada, "7012 3456")
    assert asked.for_operator
    assert asked.number == "70123456"
    # It is not the principal user's own to decide.
    assert firm.get(f"multipass/{asked.pk}/").status_code == 404
    send_waiting()
    [mail] = caught()
    assert f"/operator/multipass/{asked.pk}/" in mail.body
    url = reverse("operator:multipass_decide", args=[asked.pk])
    form = otto.get(url).context["form"]
    values = {name: form[name].value() for name in form.fields} | {"decision": "yes", "answer": ""}
    incomplete = otto.post(url, {**values, "street": ""})
    assert incomplete.context["form"].errors["street"]
    otto.post(url, {**values, "name": "Acme depot"})
    [made] = read(CustomerNumber, number="70123456")
    assert (made.company_id, made.name, made.town) == (firm.acme.pk, "Acme depot", "Bruxelles")
    assert entries("accounts.number_added")[0].company_id == firm.acme.pk
    assert "70123456" in firm.get("cards/new/").content.decode()
    send_waiting()
    assert any("from now on" in mail.body and mail.to == [firm.ada.user.email] for mail in caught())


def test_a_number_of_another_company_stays_there(firm, otto):
    borea = factories.customer_number(factories.company("Borea"))
    _answer, asked = ask(firm, firm.ada, borea.number)
    url = reverse("operator:multipass_decide", args=[asked.pk])
    form = otto.get(url).context["form"]
    values = {name: form[name].value() for name in form.fields} | {"decision": "yes", "answer": ""}
    answer = otto.post(url, values)
    assert "This customer number belongs to a company already." in answer.content.decode()
    assert again(borea).company_id != firm.acme.pk
    assert again(asked).outcome == ""
    otto.post(url, {"decision": "no", "answer": "It is another company's."})
    assert again(asked).outcome == "refused"


@pytest.mark.rule("ACC-30")
def test_lists_filter_by_number(firm):
    for number, name in ((firm.one, "1-ONE-111"), (firm.two, "1-TWO-222")):
        factories.card(number, status="new", printed_as=name)
    for path in ("cards/", "requests/"):
        found = firm.get(f"{path}?customer_number={firm.two.pk}").content.decode()
        assert "1-TWO-222" in found
        assert "1-ONE-111" not in found
    found = firm.get(f"divisions/?customer_number={firm.two.pk}").content.decode()
    assert "West" in found
    assert "North" not in found


@pytest.mark.rule("ACC-30")
def test_the_switch_leads_to_the_same_page_of_the_other_company_where_one_may_open_it(firm):
    borea = factories.company("Borea")
    max_ = factories.member(firm.acme, "Max")
    factories.member(borea, "Max", person=max_.user, profile="consultation", applications=["cards"])
    card = factories.card(firm.one)
    for path, place in (
        ("cards/", "cards/"),
        (f"cards/{card.pk}/", "cards/"),
        ("cards/?status=active", "cards/"),
        ("activity/", "activity/"),
        ("requests/", ""),
        ("cards/new/", ""),
        ("divisions/", ""),
        ("", ""),
    ):
        page = firm.get(path, by=max_).content.decode()
        assert f'class="dropdown-item" href="/PRO-BOREAA/{place}"' in page, path
        assert firm.as_(max_).get(f"/PRO-BOREAA/{place}").status_code == 200


@pytest.mark.rule("ACC-30")
def test_two_tabs_do_not_mix_their_companies(firm):
    """A form opened in one company acts there, whatever was opened in another tab since."""
    borea = factories.company("Borea")
    theirs = factories.customer_number(borea)
    max_ = factories.member(firm.acme, "Max")
    factories.member(borea, "Max", person=max_.user)
    client = firm.as_(max_)
    client.get(firm.url("divisions/new/"))
    client.get("/PRO-BOREAA/divisions/new/")
    client.post(firm.url("divisions/new/"), {"customer_number": firm.one.pk, "name": "Garage"})
    assert [entry.company_id for entry in entries("divisions.created")] == [firm.acme.pk]
    answer = client.post(firm.url("divisions/new/"), {"customer_number": theirs.pk, "name": "Depot"})
    assert answer.context["form"].errors["customer_number"]
    assert client.get(f"/PRO-BOREAA/divisions/{firm.north.pk}/").status_code == 404
