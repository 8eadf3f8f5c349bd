"""Words for what the portal does by itself: each app declares what its work, its jobs and its mails are called.

Operator staff read them in the lists of work and mail; a house test finds what nobody has a word for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from fleetportal.core.notices import KINDS

BATCHES: dict[str, Any] = {}
WORK: dict[str, Any] = {}
MAILS: dict[str, Any] = {}


def declare_work(words: Mapping[str, Any]) -> None:
    """Name kinds of promised work and timed jobs; raises ValueError for a name that has a word already."""
    _declare(WORK, words)


def declare_mails(words: Mapping[str, Any]) -> None:
    """Name mails by their templates; raises ValueError for one that has a word already."""
    _declare(MAILS, words)


def declare_batches(names: Mapping[str, Any]) -> None:
    """Name bulk actions by the kind of their work, with %(count)s; raises ValueError for a kind that has a name."""
    _declare(BATCHES, names)


def kept_name(kind: str, count: int | None, text: str) -> dict[str, Any] | str:
    """Return what is kept of a bulk action's name: kind and count, of which each reader's language makes a name.

    One whose kind has no name, and work that is part of none, is called by its text.
    """
    return text if count is None or kind not in BATCHES else {"kind": kind, "count": count}


def said_name(kept: Any) -> str:
    """Return the name in the language in force, from what `kept_name` returned; none for a kind of former days."""
    return (
        str(BATCHES.get(kept["kind"], "")) % {"count": number_format(kept["count"], force_grouping=True)}
        if isinstance(kept, dict)
        else str(kept)
    )


def _declare(table: dict[str, Any], words: Mapping[str, Any]) -> None:
    for name, word in words.items():
        if name in table:
            raise ValueError(f"{name} is named twice.")
        table[name] = word


def work_word(name: str) -> str:
    """Return what a kind of work or a job is called; one that no app knows any more is called by its name."""
    return str(WORK.get(name, name))


def mail_words() -> dict[str, Any]:
    """Return what each mail is called: that of a notice as the notice, unless it has a word of its own."""
    return {kind.template: kind.label for kind in KINDS.values()} | MAILS


declare_work(
    {
        "core.send_mail": _("E-mail"),
        "core.fill_search": _("Search entries that are missing"),
        "core.look_for_gaps": _("Look for search entries that are missing"),
        "core.forget_forms": _("Remove old drafts and form keys"),
        "core.forget_mail": _("Remove old e-mails"),
        "core.forget_runs": _("Remove old runs of timed jobs"),
        "core.forget_work": _("Remove old work"),
        "core.release": _("Give back work of workers that ended"),
        "core.remove_orphans": _("Remove files that belong to nothing"),
        "core.seal_audit": _("Seal the audit"),
        "core.sweep": _("Hand out work that is due"),
    }
)
