"""What is on a plastic: category, plate or name, extra mention, and its secret code; for the order and for a change."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cards.catalogue import Category, CodeType
from cards.codes import trivial
from cards.describe import ELSEWHERE, country_of_plate
from cards.expiry import expiry_after
from cards.forms.fields import EMBOSSED, Grouped
from vehicles.plates import COUNTRIES, read_plate

# Never kept, never shown again: asked anew whenever the form comes back (GEN-9, GEN-12).
SECRETS = ("secret_code", "secret_code_again")


class CodeInput(forms.PasswordInput):
    """Four digits that are typed unseen and never written back into a page."""

    def __init__(self) -> None:
        super().__init__(
            render_value=False,
            attrs={"inputmode": "numeric", "maxlength": 4, "autocomplete": "off", "data-secret": ""},
        )


class PrintFields(Grouped):
    """What is printed: by vehicle the plate in its country's form, else a name that the embosser can print (CRD-3)."""

    category = forms.ChoiceField(choices=Category.choices, label=lazy("Card category"), widget=forms.RadioSelect)
    printed_as = forms.CharField(
        max_length=26,
        label=lazy("Plate or name on the card"),
        help_text=lazy("For a card by vehicle the plate, else a name: capitals, digits, space, hyphen and apostrophe."),
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"}),
    )
    plate_country = forms.ChoiceField(label=lazy("Country of the plate"), required=False, initial="BE")
    print_as_typed = forms.BooleanField(
        required=False,
        label=lazy("Print as typed"),
        help_text=lazy("Else a plate is printed in the form of its country."),
    )
    extra_mention = forms.CharField(max_length=26, required=False, label=lazy("Extra mention"))

    printing = ("category", "printed_as", "plate_country", "print_as_typed", "extra_mention")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.warnings: list[str] = []
        super().__init__(*args, **kwargs)
        self.fields["plate_country"].choices = [  # type: ignore[attr-defined]
            *((code, country_of_plate(code)) for code in (*COUNTRIES, ELSEWHERE)),
        ]

    def clean_printed_as(self) -> str:
        """Fold to capitals; what is printed is checked with the category in `clean`."""
        return _capitals(self.cleaned_data["printed_as"])

    def clean_extra_mention(self) -> str:
        """Take only what the embosser can print."""
        text = _capitals(self.cleaned_data["extra_mention"])
        if text and not EMBOSSED.match(text):
            raise forms.ValidationError(_unprintable(text))
        return text

    def check_print(self, data: dict[str, Any]) -> None:
        """Check what is printed with its category, and bring a plate into the form of its country."""
        text = data.get("printed_as")
        if not text or "category" not in data:
            return
        if data["category"] != Category.VEHICLE:
            data["plate_country"] = ""
            if not any(letter.isalnum() for letter in text) and EMBOSSED.match(text):
                self.add_error("printed_as", _("A name has letters or digits."))
                return
        elif not data.get("plate_country"):
            if "plate_country" not in self.errors:
                self.add_error("plate_country", _("Choose the country of the plate."))
            return
        else:
            plate = read_plate(text, data["plate_country"])
            if not plate.key:
                self.add_error("printed_as", _("A plate has letters or digits."))
                return
            if plate.warning:
                self.warnings.append(plate.warning)
            elif not data.get("print_as_typed"):
                text = data["printed_as"] = plate.printed
        if not EMBOSSED.match(text):
            self.add_error("printed_as", _unprintable(text))


class CodeFields(Grouped):
    """The secret code (CRD-6, PIN-1, PIN-2). With `code_is_set`, a chosen one is sealed already and not asked again."""

    code_type = forms.ChoiceField(
        choices=CodeType.choices,
        initial=CodeType.CALCULATED,
        label=lazy("Type of secret code"),
        widget=forms.RadioSelect,
    )
    secret_code = forms.CharField(required=False, label=lazy("Secret code"), widget=CodeInput)
    secret_code_again = forms.CharField(required=False, label=lazy("Secret code, once more"), widget=CodeInput)

    def __init__(self, *args: Any, code_is_set: bool = False, **kwargs: Any) -> None:
        self.code_is_set = code_is_set
        super().__init__(*args, **kwargs)
        if code_is_set:
            self.fields["secret_code"].help_text = _("Set, not shown. Type a new one only to change it.")

    def check_code(self, data: dict[str, Any], months: int) -> None:
        """Check a chosen code of a card whose plastics are valid for so many months."""
        if data.get("code_type") != CodeType.CHOSEN:
            data["secret_code"] = ""
            return
        code, again = data.get("secret_code", ""), data.get("secret_code_again", "")
        if not code and not again and self.code_is_set:
            return
        if not (len(code) == 4 and code.isascii() and code.isdigit()):
            self.add_error("secret_code", _("A secret code has four digits."))
        elif trivial(code, expiry=expiry_after(timezone.localdate(), months)):
            self.add_error("secret_code", _("This code is too easy to guess."))
        elif code != again:
            self.add_error("secret_code_again", _("The two codes differ."))


def _capitals(text: str) -> str:
    """Return the text in capitals with single spaces; letters beyond A to Z stay as typed, and are refused so."""
    return "".join(letter.upper() if letter.isascii() else letter for letter in " ".join(text.split()))


def _unprintable(text: str) -> str:
    """Say which letters can't be printed; one that can't be seen either is named by its code."""
    wrong = [
        letter if letter.isprintable() else f"U+{ord(letter):04X}"
        for letter in sorted(set(text))
        if not EMBOSSED.match(letter)
    ]
    return _("This can't be printed on a card: %(letters)s. Use A to Z, digits, space, hyphen and apostrophe.") % {
        "letters": " ".join(wrong)
    }
