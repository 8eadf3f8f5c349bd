"""The card maker's files, what of them was set aside, and settling it (FUL-2, FUL-3)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Case, F, Value, When
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import gettext_noop, ngettext

from cards.filters import MakerFileFilter
from cards.models import MakerFile, SetAsideLine, Settled
from cards.production.settling import already_settled, settle_file, settle_line
from cards.views.requests import moment
from fleetportal.core.pages import ActionPage, Badge, Link, ListPage, Moment, OperatorPage, Text, Translated
from fleetportal.core.pages.base import act
from fleetportal.core.pages.detail import ObjectMixin, history

SOME_LINES = gettext_noop("Some lines were set aside. The page of the file says which, and why.")
# Lines that the page of a file shows; a file of which more were set aside is settled as a whole.
SHOWN = 500


def settled_text(row: Settled) -> str:
    """Return who settled something, when and how; nothing where it is open."""
    if row.settled_at is None:
        return ""
    who = row.settled_by.full_name if row.settled_by else ""
    said = " · ".join(part for part in (moment(row.settled_at), who) if part)
    return f"{said}. {row.settlement}" if row.settlement else said


class FileList(ListPage, OperatorPage):
    """The card maker's files: taken, or set aside with the reason."""

    permission = "operator.see"
    title = lazy("Card maker's files")
    model = MakerFile
    filterset_class = MakerFileFilter
    searchable = False
    default_order = "-received"
    empty_title = lazy("No files yet")
    empty_text = lazy("What the card maker answers stands here, with what could not be read.")
    file_name = "maker-files"
    columns = (
        Link("name", lazy("File"), ("name", "pk")),
        Badge("state", lazy("State"), ("state",), choices=MakerFile.State.choices),
        Text("lines", lazy("Lines"), ("lines",), numeric=True),
        Text("applied", lazy("Applied"), ("applied",), numeric=True),
        Moment("received", lazy("Received"), ("received_at",), sort="pk"),
        Translated("reason", lazy("Reason"), ("said",)),
        Moment("settled", lazy("Settled"), ("settled_at",)),
    )

    def queryset(self) -> Any:
        """Return the files; one that was taken says so where lines of it were set aside."""
        lines = When(MakerFile.ASIDE, reason="", then=Value(SOME_LINES))
        return MakerFile.objects.annotate(said=Case(lines, default=F("reason")))

    def row_prefix(self) -> str:
        """Return the beginning of a file's address."""
        return self.url("operator:files")


class FileDetail(ObjectMixin, OperatorPage):
    """One file of the card maker, its lines that were set aside, and who settled what."""

    permission = "operator.see"
    template_name = "pages/detail.html"
    model = MakerFile
    related = ("settled_by",)

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Card maker's files"), self.url("operator:files")), (self.object.name, None)]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show it."""
        self.object = row = self.find(kwargs["pk"])
        lines = list(SetAsideLine.objects.filter(file=row).select_related("settled_by")[:SHOWN])
        may = is_open(row) and self.actor.may("operator.produce")
        settle = act("settle", _("Mark as settled"), self.url("operator:settle_file", row.pk), icon="check")
        facts = [
            {"label": _("Received"), "value": moment(row.received_at)},
            {"label": _("Lines"), "value": row.lines},
            {"label": _("Applied"), "value": row.applied},
            {"label": _("Checksum"), "value": row.checksum},
        ]
        if row.settled_at is not None:
            facts.append({"label": _("Settled"), "value": settled_text(row)})
        detail = {
            "title": row.name,
            "status": {"value": row.state, "label": row.get_state_display()},
            "notices": [{"tone": "warning", "text": _(row.reason)}] if row.reason else [],
            "acts": [settle] if may else [],
            "dangers": [],
            "sections": [
                {"title": _("General"), "facts": facts},
                {
                    "title": _("Lines set aside"),
                    "table": {
                        "headers": [_("Line"), _("Text"), _("Reason"), _("Settled")],
                        "rows": [
                            [str(line.line), line.text, _(line.reason), self._settled(line, may)] for line in lines
                        ],
                    },
                    "empty": _("Every line was applied.") if row.applied else _("No line was set aside by itself."),
                },
            ],
            "timeline": history([("cards.makerfile", [row.pk])], _words(), {}),
        }
        return self.show(title=row.name, detail=detail)

    def _settled(self, line: SetAsideLine, may: bool) -> Any:
        """Return who settled a line and how, or the way to do it."""
        if line.settled_at is not None or not may:
            return settled_text(line)
        said = _("Mark line %(line)s as settled") % {"line": line.line}
        return format_html('<a href="{}">{}</a>', self.url("operator:settle_line", line.pk), said)


def is_open(row: MakerFile) -> bool:
    """Say of one file what `MakerFile.OPEN` says of many: something was set aside, and nobody settled it."""
    return row.settled_at is None and (row.state == MakerFile.State.SET_ASIDE or row.applied < row.lines)


def _words() -> dict[str, Any]:
    return {
        "cards.file_settled": lambda entry: (_("Settled"), _note(entry)),
        "cards.line_settled": lambda entry: (_("Line %(line)s settled") % entry.after, _note(entry)),
    }


def _note(entry: Any) -> list[dict[str, Any]]:
    return [{"label": _("What was done about it"), "before": "", "after": entry.after["note"]}]


class SettleForm(forms.Form):
    """What was done about it, in a few words."""

    use_required_attribute = False

    note = forms.CharField(
        max_length=300,
        label=lazy("What was done about it"),
        help_text=lazy("In a few words: whom you asked, what came instead."),
    )


class Settle(ActionPage, OperatorPage):
    """Say that something that was set aside is dealt with."""

    permission = "operator.produce"
    title = lazy("Mark as settled")
    form_class = SettleForm
    submit_label = lazy("Mark as settled")

    def url(self, name: str, *args: Any) -> str:
        """Return an address in the operator's area."""
        return OperatorPage.url(self, name, *args)

    def file(self) -> MakerFile:
        """Return the file that it is about."""
        raise NotImplementedError

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        files = (_("Card maker's files"), self.url("operator:files"))
        return [files, (self.file().name, self.refused_url()), (self.title, None)]

    def refused_url(self) -> str:
        """Go back to the file."""
        return self.url("operator:file", self.file().pk)


class FileSettle(Settle):
    """Settle all that was set aside of a file, once (FUL-3)."""

    model = MakerFile

    def file(self) -> MakerFile:
        """Return it."""
        return self.object

    def refusal(self, row: MakerFile) -> str:
        """Only what is open is settled."""
        if row.settled_at is not None:
            return already_settled()
        return "" if is_open(row) else _("Nothing of this file was set aside.")

    def confirm(self, row: MakerFile) -> dict[str, Any]:
        """Say what it changes and what it does not."""
        lines = SetAsideLine.objects.filter(file=row, settled_at=None).count()
        happens = [_("The file leaves the list of what waits for you. Your name and the time stand on its page.")]
        if lines:
            said = ngettext(
                "%(count)s line that is still open is settled with it.",
                "%(count)s lines that are still open are settled with it.",
                lines,
            )
            happens.append(said % {"count": lines})
        return {
            "title": _("Mark the file %(file)s as settled") % {"file": row.name},
            "happens": happens,
            "not_happens": [nothing_applied()],
            "items": [row.name],
        }

    def act(self, form: forms.Form) -> str:
        """Settle it."""
        settle_file(actor=self.actor, file=self.object, note=form.cleaned_data["note"], now=self.now)
        messages.success(self.request, _("The file %(file)s is settled.") % {"file": self.object.name})
        return self.refused_url()


class LineSettle(Settle):
    """Settle one line that was set aside, once (FUL-3)."""

    model = SetAsideLine
    related = ("file",)

    def file(self) -> MakerFile:
        """Return the file in which it stands."""
        return self.object.file

    def refusal(self, row: SetAsideLine) -> str:
        """Only what is open is settled."""
        return "" if row.settled_at is None and row.file.settled_at is None else already_settled()

    def confirm(self, row: SetAsideLine) -> dict[str, Any]:
        """Say what it changes and what it does not."""
        return {
            "title": _("Mark line %(line)s of %(file)s as settled") % {"line": row.line, "file": row.file.name},
            "happens": [
                _("Your name and the time stand beside the line. With its last open line, the file is settled.")
            ],
            "not_happens": [nothing_applied()],
            "items": [row.text, _(row.reason)],
        }

    def act(self, form: forms.Form) -> str:
        """Settle it."""
        settle_line(actor=self.actor, line=self.object, note=form.cleaned_data["note"], now=self.now)
        messages.success(self.request, _("Line %(line)s is settled.") % {"line": self.object.line})
        return self.refused_url()


def nothing_applied() -> str:
    """Return the sentence that settling is a note and no more."""
    return _("Nothing of it is applied to any card; the card maker has to send that again.")
