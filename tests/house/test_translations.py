"""The catalogues are whole, use the words agreed on, and hold what the sources say, no more and no less (GEN-8)."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format, number_format, time_format

from tests.factories import NOW
from tests.house.reading import texts

ROOT = Path(settings.BASE_DIR)
LANGUAGES = ("fr", "nl")
SOURCES = ("accounts", "cards", "fleetportal", "vehicles")
CATALOGUES = {code: polib.pofile(str(ROOT / "locale" / code / "LC_MESSAGES" / "django.po")) for code in LANGUAGES}

# Texts that are the same as in English, because the word is.
SAME = {
    "fr": {
        "%(amount)s %(unit)s %(period)s", "%(count)s minute", "%(litres)s litres", "Actions", "Active", "AdBlue",
        "Application", "Applications", "CSV", "Client", "Code", "Condition %(place)s", "Consultation", "Diesel",
        "Document", "Documents", "E-mail", "Excel", "France", "Introduction", "Invitation", "Luxembourg", "Menu",
        "Pages", "Parking", "Pool", "Portugal", "Production", "Services", "Transactions", "Type", "Version",
        "Version %(number)s", "kWh", "kg", "litres", "minutes",
    },
    "nl": {
        "%(amount)s %(unit)s %(period)s", "%(label)s: %(after)s", ":", "AdBlue", "CNG", "CSV", "Code", "Diesel",
        "Document", "E-mail", "Excel", "Hardware", "Helpdesk", "Job", "LPG", "Menu", "Model", "Open", "Operator",
        "Parking", "Pool", "Portugal", "Simulator", "Status", "Tracking", "Type", "euro", "kWh", "kg", "model",
        "per week",
    },
}  # fmt: skip

# The words agreed on for screens: the English one -> French, Dutch. A card and a request are feminine in French.
WORDS = {
    "Company": ("Entreprise", "Bedrijf"),
    "Search": ("Rechercher", "Zoeken"),
    "Find users": ("Rechercher des utilisateurs", "Gebruikers zoeken"),
    "Customer number": ("Numéro client", "Klantennummer"),
    "Fleet division": ("Division de parc", "Wagenparkdivisie"),
    "Administrator": ("Administrateur", "Beheerder"),
    "Management": ("Gestion", "Beheer"),
    "Consultation": ("Consultation", "Raadpleging"),
    "Accounting": ("Comptabilité", "Boekhouding"),
    "Fuel card": ("Carte carburant", "Tankkaart"),
    "Rank": ("Rang", "Rang"),
    "Limit": ("Plafond", "Plafond"),
    "Controls": ("Contrôles", "Controles"),
    "Secret code": ("Code secret", "Geheime code"),
    "Driver codes": ("Codes chauffeur", "Chauffeurscodes"),
    "Requests": ("Demandes", "Aanvragen"),
    "My requests": ("Mes demandes", "Mijn aanvragen"),
    "Theft": ("Vol", "Diefstal"),
    "Loss": ("Perte", "Verlies"),
    "Not received": ("Non reçue", "Niet ontvangen"),
    "Defective": ("Défectueuse", "Defect"),
    "Duplicate": ("Duplicata", "Duplicaat"),
    "Invoices": ("Factures", "Facturen"),
    "Suppliers": ("Fournisseurs", "Leveranciers"),
    "SIM cards": ("Cartes SIM", "Simkaarten"),
    "Service packs": ("Packs de services", "Servicepakketten"),
    "Driver": ("Conducteur", "Bestuurder"),
    "Cost centre": ("Centre de coûts", "Kostenplaats"),
    "Alerts": ("Alertes", "Meldingen"),
    "Plastics": ("Exemplaires", "Exemplaren"),
    "Expiry": ("Expiration", "Vervaldatum"),
    "unverified": ("non vérifié", "niet geverifieerd"),
    "verified": ("vérifié", "geverifieerd"),
    "Personal code of 8 digits": ("Code personnalisé de 8 chiffres", "Gepersonaliseerde code van 8 cijfers"),
    "Delete": ("Supprimer", "Verwijderen"),
    "Cancel": ("Annuler", "Annuleren"),
    "Create a copy": ("Créer une copie", "Kopie aanmaken"),
    "Block": ("Bloquer", "Blokkeren"),
    "Candidate for renewal": ("Candidate au renouvellement", "Kandidaat voor vernieuwing"),
    "In renewal": ("En renouvellement", "In vernieuwing"),
    ("card", "New"): ("Nouvelle", "Nieuw"),
    ("card", "In creation"): ("En création", "In aanmaak"),
    ("card", "Active"): ("Active", "Actief"),
    ("card", "Blocked"): ("Bloquée", "Geblokkeerd"),
    ("card", "Cancelled"): ("Annulée", "Geannuleerd"),
    ("card", "Expired"): ("Expirée", "Vervallen"),
    ("card", "Withdrawn"): ("Retirée", "Ingetrokken"),
    ("request", "Received"): ("Reçue", "Ontvangen"),
    ("request", "In production"): ("En production", "In productie"),
    ("request", "Dispatched"): ("Expédiée", "Verzonden"),
    ("request", "Refused"): ("Refusée", "Geweigerd"),
    ("request", "Withdrawn"): ("Retirée", "Ingetrokken"),
}

_PLACEHOLDERS = re.compile(r"%\(\w+\)[sd]|\{\w*\}|</?\w+>")
_FAMILIAR = {
    "fr": re.compile(r"\b(tu|toi|ton|tes|ta)\b", re.IGNORECASE),
    "nl": re.compile(r"\b(je|jij|jou|jouw|jullie)\b", re.IGNORECASE),
}


def key(entry: Any) -> tuple[str, str, str]:
    """Return what makes a text one text."""
    return (entry.msgctxt or "", entry.msgid, entry.msgid_plural or "")


def said(entry: Any) -> list[str]:
    """Return the translation, in all its forms."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


def test_every_text_is_translated_in_all_its_forms(language):
    catalogue = CATALOGUES[language]
    assert [entry.msgid for entry in catalogue if entry.fuzzy or entry.obsolete] == []
    assert [entry.msgid for entry in catalogue if not all(said(entry))] == []
    plural = [entry for entry in catalogue if entry.msgid_plural]
    assert plural
    assert {len(said(entry)) for entry in plural} == {2}


def test_a_translation_has_the_same_placeholders(language):
    wrong = []
    for entry in CATALOGUES[language]:
        originals = [entry.msgid, *([entry.msgid_plural] if entry.msgid_plural else [])]
        for text in said(entry):
            held = sorted(_PLACEHOLDERS.findall(text))
            if held not in [sorted(_PLACEHOLDERS.findall(original)) for original in originals]:
                wrong.append(text)
    assert wrong == []


def test_a_translation_begins_and_ends_like_the_text(language):
    """White space at the ends, a full stop, a question mark, a colon."""
    wrong = []
    for entry in CATALOGUES[language]:
        for text in said(entry):
            ends = {one for one in ".?:" if text.endswith(one)} ^ {one for one in ".?:" if entry.msgid.endswith(one)}
            if ends or (text.strip() != text and entry.msgid != ":"):
                wrong.append(text)
    assert wrong == []


def test_nothing_is_left_in_english(language):
    same = {entry.msgid for entry in CATALOGUES[language] if entry.msgid in said(entry)}
    assert same == SAME[language]


def test_the_words_are_those_agreed_on(language):
    at = LANGUAGES.index(language)
    translated = {(entry.msgctxt, entry.msgid): entry.msgstr for entry in CATALOGUES[language]}
    wanted = {one if isinstance(one, tuple) else (None, one): pair[at] for one, pair in WORDS.items()}
    assert {one: translated.get(one) for one in wanted} == wanted


def test_one_searches_with_one_word():
    """A button or an entry of a menu begins with it; *que cherchez-vous* stays what one says."""
    begins = {"fr": r"(?i)^(chercher|trouver)\b", "nl": r"(?i)^(opzoeken|vinden)\b|\b(opzoeken|vinden)$"}
    for language, wrong in begins.items():
        found = [text for entry in CATALOGUES[language] for text in said(entry) if re.search(wrong, text)]
        assert found == [], language


def test_users_are_spoken_to_politely(language):
    found = [text for entry in CATALOGUES[language] for text in said(entry) if _FAMILIAR[language].search(text)]
    assert found == []


def test_french_signs_stand_behind_a_space_that_does_not_break():
    all_said = [text for entry in CATALOGUES["fr"] for text in said(entry)]
    assert [text for text in all_said if re.search(r"[^\xa0\W][;?!:»]|«[^\xa0]|[ \u202f][;?!:»]", text)] == []


def test_the_catalogues_compile(language, tmp_path):
    source = ROOT / "locale" / language / "LC_MESSAGES" / "django.po"
    done = subprocess.run(
        ["msgfmt", "--check", "--output-file", tmp_path / "x.mo", source], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_catalogues_hold_what_the_sources_say(tmp_path):
    for name in (*SOURCES, "templates", "locale"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    addresses = {
        "SECRET_KEY": "none",
        "DATABASE_URL": "postgresql://none@localhost/none",
        "REDIS_URL": "redis://localhost",
    }
    subprocess.run(
        [sys.executable, "manage.py", "makemessages"],
        cwd=tmp_path, env={**os.environ, **addresses}, capture_output=True, check=True,
    )  # fmt: skip
    for code in LANGUAGES:
        fresh = {key(one) for one in polib.pofile(str(tmp_path / "locale" / code / "LC_MESSAGES" / "django.po"))}
        held = {key(one) for one in CATALOGUES[code]}
        assert (fresh - held, held - fresh) == (set(), set()), f"make messages, then translate locale/{code}"


# --- Texts that nobody marked -------------------------------------------------------------------------------------

_MARKED = (
    r"\{% comment.*?endcomment %\}",
    r"\{#.*?#\}",
    r"\{% blocktranslate.*?endblocktranslate %\}",
    r"\{%.*?%\}",
    r"\{\{.*?\}\}",
)
# Arguments, keys and attributes whose text is shown to users.
_SHOWN = {
    "label", "help", "help_text", "title", "lead", "empty", "empty_label", "empty_title", "empty_text", "submit_label",
    "search_placeholder", "placeholder", "text", "subtitle", "unit",
}  # fmt: skip
# Calls whose argument is a sentence for users.
_SAYS = {"ValidationError", "Refused", "BadLine", "Unreadable", "success", "error", "warning", "info", "add_error"}
# Only for people who write programs: columns that no form shows.
_NOT_SHOWN = {"The last day on which the user gets in.", "The first digits (ISO/IEC 7812)."}
_LETTERS = re.compile(r"[A-Za-z]{2}")


def test_templates_mark_every_text():
    found = []
    for path in sorted((ROOT / "templates").rglob("*.*")):
        rest = path.read_text()
        for pattern in _MARKED:
            rest = re.sub(pattern, "", rest, flags=re.DOTALL)
        said_here = texts(rest) if path.suffix == ".html" else [rest]
        found += [f"{path.name}: {text}" for text in said_here if _LETTERS.search(text)]
    # The default of a block that names a class.
    assert found == ["plain.html: plain-main"]


def test_code_marks_every_text():
    found = set()
    for root in SOURCES:
        for path in sorted((ROOT / root).rglob("*.py")):
            if not {"migrations", "demo", "management", "engines"} & set(path.parts):
                found |= set(_unmarked(ast.parse(path.read_text())))
    assert found == _NOT_SHOWN


def _unmarked(tree: ast.AST) -> list[str]:
    values: list[ast.expr | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            values += [keyword.value for keyword in node.keywords if keyword.arg in _SHOWN]
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in _SAYS and not ast.unparse(node.func).startswith("logger"):
                values += node.args
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            values += [value for at, value in pairs if isinstance(at, ast.Constant) and at.value in _SHOWN]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(getattr(one, "id", "") in _SHOWN for one in targets):
                values.append(node.value)
    held = [one.value for one in values if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return [text for text in held if _LETTERS.search(text) and " " in text]


# --- Dates, times and numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "day", "short", "number"),
    [
        ("en", "4 November 2026", "04/11/2026", "1,234.50"),
        ("fr", "4 novembre 2026", "04/11/2026", "1\xa0234,50"),
        ("nl", "4 november 2026", "04-11-2026", "1.234,50"),
    ],
)
def test_dates_times_and_numbers_are_written_as_in_the_language(code, day, short, number):
    with translation.override(code):
        at = NOW.replace(hour=15, minute=5, tzinfo=None)
        assert date_format(at.date()) == day
        assert date_format(at.date(), "SHORT_DATE_FORMAT") == short
        assert date_format(at, "SHORT_DATETIME_FORMAT") == f"{short} 15:05"
        assert time_format(at.time()) == "15:05"
        assert number_format(1234.5, decimal_pos=2, force_grouping=True) == number
