"""A wizard of the kernel: what it keeps, what it never keeps, and where it leads (ONB-3)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory
from django.urls import include, path

from fleetportal.core.drafts import Draft
from fleetportal.core.pages import CompanyPage
from fleetportal.core.pages.wizard import Step, WizardPage
from fleetportal.core.scope import company_scope
from tests import factories
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ONB-3")]


class NameForm(forms.Form):
    name = forms.CharField(max_length=10)
    amount = forms.DecimalField(required=False)
    days = forms.MultipleChoiceField(choices=[("1", "one"), ("2", "two")], required=False)


class CodeForm(forms.Form):
    code = forms.CharField(widget=forms.PasswordInput)

    def __init__(self, *args, is_set=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].required = not is_set


class Name(Step):
    name, label, form_class = "name", "Name", NameForm


class Code(Step):
    name, label, form_class, secrets = "code", "Code", CodeForm, ("code",)

    def form_kwargs(self):
        return {"is_set": self.page.draft is not None and self.page.draft.sealed is not None}

    def seal(self, form):
        return b"sealed" if form.cleaned_data["code"] else None


class Last(Step):
    name, label = "last", "Last"


class Try(WizardPage, CompanyPage):
    permission = "home.see"
    kind = "try"
    url_name = "try:step"
    steps = (Name, Code, Last)
    finished: list = []

    def finish(self, done):
        self.finished.append({name: form.cleaned_data for name, form in done.items() if name != "last"})
        return "/done/"


class Unsealed(Try):
    """The same, with a code that is asked for again instead of being sealed."""

    kind = "unsealed"

    class Again(Code):
        def seal(self, form):
            return None

    steps = (Name, Again, Last)


urlpatterns = [
    path("", include("fleetportal.urls")),
    path("<company:company>/", include(([*Try.addresses("try/")], "try"))),
]


@pytest.fixture(autouse=True)
def _addresses(settings):
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def acme():
    return factories.company("Acme")


@pytest.fixture
def person(acme):
    return factories.member(acme, "Max").user


@pytest.fixture
def ask(acme, person):
    """Sends a request to a step: what is typed by POST, else GET."""

    def send(step, typed=None, wizard=Try, by=None):
        make = RequestFactory()
        request = make.get("/") if typed is None else make.post("/", typed)
        request.user = AnonymousUser()
        request.session = SessionStore()
        request._messages = CookieStorage(request)
        request.now, request.htmx, request.proven_at = NOW, False, NOW
        person_id = (by or person).pk
        request.actor = SimpleNamespace(person=person_id, must=lambda _right: None, may=lambda _right: True)
        request.presence = SimpleNamespace(membership=SimpleNamespace(company=acme), others=())
        with company_scope(acme.pk):
            return wizard.as_view(step=step)(request)

    return send


def kept(acme, kind="try"):
    with company_scope(acme.pk):
        return Draft.objects.get(kind=f"wizard.{kind}")


def url(step):
    return f"/PRO-ACMEAA/try/{step}/"


def test_a_step_leads_to_the_next_and_the_last_to_the_end(ask, acme):
    Try.finished.clear()
    assert ask("name", {"name": "Ann", "days": ["1", "2"], "form_key": "k1"}).url == url("code")
    assert ask("code", {"code": "4711"}).url == url("last")
    assert ask("last", {}).url == "/done/"
    assert Try.finished == [{"name": {"name": "Ann", "amount": None, "days": ["1", "2"]}, "code": {"code": ""}}]
    with company_scope(acme.pk):
        assert not Draft.objects.exists()


def test_a_secret_is_never_kept_as_typed(ask, acme):
    ask("name", {"name": "Ann"})
    ask("code", {"code": "4711", "later": "1"})
    draft = kept(acme)
    assert "4711" not in str(draft.data)
    assert (draft.sealed, draft.data["at"]) == (None, "code")
    assert b"4711" not in ask("code").content
    ask("code", {"code": "4711"})
    draft = kept(acme)
    assert "4711" not in str(draft.data)
    assert bytes(draft.sealed) == b"sealed"


def test_a_secret_that_is_not_sealed_is_asked_for_again_at_the_end(ask):
    Unsealed.finished.clear()
    ask("name", {"name": "Ann"}, Unsealed)
    ask("code", {"code": "4711"}, Unsealed)
    assert ask("last", {}, Unsealed).url == url("code")
    assert Unsealed.finished == []


def test_what_was_typed_is_shown_as_typed_without_a_verdict(ask):
    ask("name", {"name": "far too long for it", "amount": "12,5o", "days": ["2"], "later": "1"})
    page = ask("name").content.decode()
    assert 'value="far too long for it"' in page
    assert 'value="12,5o"' in page
    assert "error-summary" not in page
    assert page.count("selected") == 1
    assert "error-summary" in ask("name", {"name": "far too long for it"}).content.decode()


def test_a_wrong_step_is_not_passed_and_writes_nothing(ask, acme):
    assert ask("name", {"name": ""}).status_code == 200
    with company_scope(acme.pk):
        assert not Draft.objects.exists()
    assert ask("last").url == ask("last", {}).url == url("name")


def test_a_draft_is_of_one_person_one_company_and_one_wizard(ask, acme):
    ask("name", {"name": "Ann"})
    colleague = factories.member(acme, "Cora").user
    assert ask("code", by=colleague).url == url("name")
    assert "Ann" not in ask("name", by=colleague).content.decode()
    assert ask("code", wizard=Unsealed).url == url("name")
    ask("name", {"name": "Cora"}, by=colleague)
    assert ask("code").status_code == 200
    with company_scope(acme.pk):
        assert Draft.objects.count() == 2


def test_an_earlier_step_that_is_sent_again_leaves_the_later_ones_open(ask):
    ask("name", {"name": "Ann"})
    ask("code", {"code": "4711"})
    assert ask("name", {"name": "Anna"}).url == url("code")
    assert ask("last").status_code == 200
    assert ask("name", {"name": "Anna", "go": "back"}).url == url("name")


def test_the_same_form_twice_leads_on_once(ask, acme):
    assert ask("name", {"name": "Ann", "form_key": "same"}).url == url("code")
    assert ask("name", {"name": "Ann", "form_key": "same"}).url == url("code")
    assert "form_key" not in str(kept(acme).data)
