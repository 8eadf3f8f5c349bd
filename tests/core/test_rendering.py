"""What is written in code for forms: the same HTML as a template would make, and nothing of it unescaped."""

import pytest
from django import forms

from fleetportal.rendering import Renderer


class Some(forms.Form):
    """A form of what the renderer writes itself."""

    fuel = forms.ChoiceField(
        label="Fuel & more",
        choices=[("", "All"), ("<b>", "Diesel <10 ppm>"), ("Others", [("x'y", 'Say "gas"')])],
        widget=forms.Select(attrs={"class": "narrow", "autofocus": True, "data-off": False}),
    )
    days = forms.MultipleChoiceField(
        label="Days", choices=[(1, "Mon"), (2, "Tue")], required=False, widget=forms.SelectMultiple
    )


def made(data=None):
    return Some(data, renderer=Renderer())


def test_a_menu_marks_its_choice_and_escapes_values_and_words():
    assert str(made({"fuel": "x'y"})["fuel"]) == (
        '<select name="fuel" class="form-select narrow" autofocus required id="id_fuel"><option value="">All</option>'
        '<option value="&lt;b&gt;">Diesel &lt;10 ppm&gt;</option><optgroup label="Others">'
        '<option value="x&#x27;y" selected>Say &quot;gas&quot;</option></optgroup></select>'
    )


def test_a_menu_of_several_marks_all_that_are_chosen():
    assert str(made({"fuel": "x'y", "days": ["1", "2"]})["days"]).count(" selected") == 2


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("fuel", '<label for="id_fuel">Fuel &amp; more<span class="required" aria-hidden="true">*</span></label>'),
        ("days", '<label for="id_days">Days</label>'),
    ],
)
def test_a_label_has_a_star_where_the_field_is_required(name, label):
    assert made()[name].label_tag() == label


def test_a_form_without_marks_has_no_star():
    form = made()
    form.unmarked = True
    assert "*" not in form["fuel"].label_tag()


def test_what_is_wrong_is_a_list_that_the_field_names():
    form = made({"fuel": "<i>"})
    form.fields["fuel"].error_messages["invalid_choice"] = "Not <i>."
    form.full_clean()
    assert str(form["fuel"].errors) == (
        '<ul class="field-errors errorlist" id="id_fuel_error"><li>Not &lt;i&gt;.</li></ul>'
    )
    assert 'aria-describedby="id_fuel_error"' in str(form["fuel"])


def test_where_nothing_is_wrong_there_is_no_list():
    assert str(made({"fuel": "<b>"})["fuel"].errors) == ""
