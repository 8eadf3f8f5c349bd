"""An empty field says what is missing, in its own words and in each language (GEN-9)."""

from __future__ import annotations

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import override

from accounts.forms import LoginForm
from fleetportal.core.missing import NamesWhatIsMissing, name_missing

pytestmark = pytest.mark.rule("GEN-9")

GENERIC = "This field is required."


class Sample(NamesWhatIsMissing, forms.Form):
    """One field of each kind."""

    last_name = forms.CharField(label=lazy("Last name"))
    address = forms.EmailField(label="E-mail:")
    unnamed_one = forms.CharField()
    number = forms.ModelChoiceField(None, label=lazy("Customer number"))
    country = forms.ChoiceField(choices=[("BE", "Belgium")], label="Country")
    several = forms.MultipleChoiceField(choices=[("a", "A")], label="Applications")
    until = forms.DateField(label="Valid until")
    agreed = forms.BooleanField(label="I agree.")
    paper = forms.FileField(label="Paper")
    own = forms.CharField(label="Own", error_messages={"required": "Say it."})
    left_out = forms.CharField(label="Left out", required=False)
    version = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        from accounts.models import CustomerNumber

        super().__init__(*args, **kwargs)
        self.fields["number"].queryset = CustomerNumber.objects.none()


def said(language="en", form=Sample):
    with override(language):
        return {name: str(errors[0]) for name, errors in form({}).errors.items()}


def test_each_kind_of_field_says_what_to_do():
    assert said() == {
        "last_name": "Fill in “Last name”.",
        "address": "Fill in “E-mail”.",
        "unnamed_one": "Fill in “Unnamed one”.",
        "number": "Make a choice for “Customer number”.",
        "country": "Make a choice for “Country”.",
        "several": "Choose at least one for “Applications”.",
        "until": "Enter a date for “Valid until”.",
        "agreed": "Tick “I agree”.",
        "paper": "Choose a file.",
        "own": "Say it.",
        "version": "Something is missing in what was sent. Load the page again.",
    }


@pytest.mark.parametrize(
    ("language", "name", "number"),
    [
        ("fr", "Complétez «\u00a0Nom\u00a0».", "Faites un choix pour «\u00a0Numéro client\u00a0»."),
        ("nl", "Vul “Naam” in.", "Maak een keuze voor “Klantennummer”."),
    ],
)
def test_it_says_so_in_french_and_dutch(language, name, number):
    found = said(language)
    assert (found["last_name"], found["number"]) == (name, number)


def test_a_form_that_is_named_twice_says_it_once():
    form = Sample({})
    name_missing(form)
    name_missing(form)
    assert form.errors["last_name"] == ["Fill in “Last name”."]


def test_the_words_of_one_language_do_not_stay_for_the_next():
    assert said("nl")["last_name"] != said("en")["last_name"]


def test_the_summary_does_not_name_the_field_twice():
    form = Sample({})
    html = render_to_string("components/form_errors.html", {"form": form})
    assert '<a href="#id_last_name">Fill in “Last name”.</a>' in html
    assert '<a href="#id_own">Own</a>: Say it.' in html


def test_signing_in_says_it_too():
    assert LoginForm({}).errors["password"] == ["Fill in “Password”."]


def test_every_form_on_a_page_of_ours_says_it(client, db):
    assert GENERIC not in client.post("/accounts/login/", {}).content.decode()
