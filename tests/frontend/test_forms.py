"""How forms are drawn: labels, help, units, errors, and where the focus goes (GEN-9)."""

import re

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils.translation import override

from accounts.widgets import LongSelect


class Sample(forms.Form):
    category = forms.ChoiceField(choices=[("v", "By vehicle"), ("d", "By driver")], widget=forms.RadioSelect)
    printed = forms.CharField(label="Plate", help_text="At most 26 characters.")
    limit = forms.DecimalField(required=False, widget=forms.NumberInput(attrs={"class": "wide"}))
    notice = forms.BooleanField(required=False)
    secret = forms.CharField(widget=forms.HiddenInput)

    limit.unit = "€ a month"


def drawn(form):
    return render_to_string("components/form_groups.html", {"form": form})


def tag(html, name):
    return re.search(rf'<(?:input|select|textarea)[^>]*\bname="{name}"[^>]*>', html).group()


def test_a_required_field_is_marked_and_keeps_its_help():
    html = drawn(Sample())
    assert '<label for="id_printed">Plate<span class="required" aria-hidden="true">*</span></label>' in html
    assert '<div class="help" id="id_printed_helptext">At most 26 characters.</div>' in html
    assert 'aria-describedby="id_printed_helptext"' in tag(html, "printed")


def test_classes_are_written_once():
    html = drawn(Sample())
    assert tag(html, "limit").count("class=") == 1
    assert 'class="form-control field-number wide"' in tag(html, "limit")


def test_the_unit_is_read_out_with_its_field():
    html = drawn(Sample())
    assert '<span class="input-group-text" id="id_limit_unit">€ a month</span>' in html
    assert 'aria-describedby="id_limit_unit"' in tag(html, "limit")


@pytest.mark.parametrize("typed", ["12,5o", "abc"])
def test_a_mistyped_number_is_still_there(typed):
    field = tag(drawn(Sample({"limit": typed})), "limit")
    assert f'value="{typed}"' in field
    assert 'type="text"' in field
    assert 'aria-invalid="true"' in field


def test_an_error_stands_at_its_field_and_on_top_with_a_link():
    form = Sample({"category": "v", "secret": "x"})
    assert 'id="id_printed_error"' in drawn(form)
    assert "id_printed_error" in tag(drawn(form), "printed")
    summary = render_to_string("components/form_errors.html", {"form": form})
    assert '<a href="#id_printed">Plate</a>' in summary
    assert "One thing to correct" in summary


def test_as_many_things_are_counted_as_are_listed():
    form = Sample({"category": "v", "printed": "1-ABC-123"})
    form.add_error("limit", "Not above 500 euro.")
    form.add_error("limit", "Not in cents.")
    form.add_error("printed", "Not this one.")
    listed = render_to_string("components/form_errors.html", {"form": form})
    assert f"{listed.count('<li>')} things to correct" in listed


@pytest.mark.parametrize("attrs", [{}, {"class": "wide"}])
def test_a_long_choice_looks_like_any_other(attrs):
    class Choices(forms.Form):
        short = forms.ChoiceField(choices=[("a", "A")], widget=forms.Select(attrs=attrs))
        long = forms.ChoiceField(choices=[("a", "A")], widget=LongSelect(attrs=attrs))

    html = drawn(Choices())
    classes = [re.search(r'class="([^"]*)"', tag(html, name)) for name in ("short", "long")]
    assert [found and found[1] for found in classes] == [" ".join(["form-select", *attrs.values()])] * 2


def test_an_address_that_is_none_is_called_as_everywhere():
    with override("fr"), pytest.raises(forms.ValidationError, match="adresse e-mail valide"):
        forms.EmailField().clean("nobody")


def test_what_is_wrong_with_a_hidden_field_is_said_on_top():
    form = Sample({"category": "v", "printed": "1-ABC-123"})
    assert "This field is required." in render_to_string("components/form_errors.html", {"form": form})


def test_only_the_first_wrong_field_asks_for_the_focus():
    html = drawn(Sample({"category": "v", "limit": "abc"}))
    assert html.count("autofocus") == 1
    assert "autofocus" in tag(html, "printed")


def test_a_group_of_choices_never_holds_several_focuses():
    assert "autofocus" not in drawn(Sample({}))


def test_a_right_form_asks_for_no_focus():
    assert "autofocus" not in drawn(Sample())
    assert render_to_string("components/form_errors.html", {"form": Sample()}).strip() == ""


def test_groups_are_drawn_in_their_order():
    form = Sample({"category": "x", "limit": "abc"})
    form.groups = [
        {"title": "Limits", "help": "Empty means none.", "fields": [form["limit"]]},
        {"title": "Card", "help": "", "fields": [form["printed"]]},
    ]
    html = drawn(form)
    assert html.index("<legend>Limits</legend>") < html.index("<legend>Card</legend>")
    assert "autofocus" in tag(html, "limit")


def test_a_new_password_shows_its_conditions_in_the_place_of_its_help():
    class NewPassword(forms.Form):
        password1 = forms.CharField(widget=forms.PasswordInput)

    html = drawn(NewPassword())
    assert 'aria-describedby="id_password1_helptext"' in tag(html, "password1")
    assert html.count('id="id_password1_helptext"') == 1
