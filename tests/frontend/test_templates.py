"""The templates as files: they compile, obey the content security policy, and use our words."""

import re
from pathlib import Path

from django.conf import settings
from django.template.loader import get_template

from tests.each import each

ROOT = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file())
# A mail is not under the content security policy, and mail programs load no stylesheet.
PAGES = [name for name in TEMPLATES if name.endswith(".html") and not name.startswith("mail/")]
COMMENT = re.compile(r"{% comment %}.*?{% endcomment %}", re.DOTALL)


def source(name):
    return COMMENT.sub("", (ROOT / name).read_text(encoding="utf-8"))


@each(TEMPLATES)
def test_every_template_compiles(name):
    assert get_template(name).origin.name == str(ROOT / name)


@each(PAGES)
def test_no_template_holds_inline_script_or_style(name):
    text = source(name)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "a script without src"
    assert not re.search(r"<style\b", text), "a style element"
    assert not re.search(r"\s(?:style|on[a-z]+)\s*=", text), "a style or event attribute"
    assert "javascript:" not in text


@each(PAGES)
def test_htmx_is_written_as_data_attributes(name):
    assert not re.search(r"\shx-[a-z]", source(name))


@each(PAGES)
def test_every_form_that_posts_carries_the_csrf_token(name):
    for form in re.findall(r"<form\b.*?</form>", source(name), re.DOTALL | re.IGNORECASE):
        if re.search(r"method=\"?post", form, re.IGNORECASE):
            assert "{% csrf_token %}" in form


@each(TEMPLATES)
def test_words_on_screen_are_plain(name):
    found = re.findall(
        r'{% translate "([^"]*)"|{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}', source(name), re.DOTALL
    )
    said = " ".join(re.sub(r"{{.*?}}|{%.*?%}|<[^>]*>", " ", "".join(pair)) for pair in found)
    assert not re.search(r"\b(?:please|success\w*|oops|sorry|e-?mailadres|email)\b", said, re.IGNORECASE)


@each(PAGES)
def test_no_sentence_escapes_translation(name):
    translated = r"{% blocktranslate.*?{% endblocktranslate %}|{% block main_class %}.*?{% endblock %}"
    text = re.sub(translated, "", source(name), flags=re.DOTALL)
    text = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
    shown = re.sub(r"<[^>]*>", " ", text)
    assert not re.search(r"[A-Za-z]{2,}", shown), shown.split()


@each(PAGES)
def test_no_spoken_attribute_escapes_translation(name):
    attributes = re.findall(r'\b(?:aria-label|title|placeholder|alt|data-label)="([^"{]*)', source(name))
    assert not [value for value in attributes if re.search(r"[A-Za-z]{2,}", value)]
