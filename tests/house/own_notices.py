"""Each person's notices and mails that the walk opens, and valid forms about them: nobody's is another's."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import Membership
from accounts.notices.services import Recipients
from fleetportal.core.access import Actor
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies, company_scope
from tests import factories
from tests.factories import NOW

KINDS = {"notice", "mail"}


def _mail(person: Any, owner: Any = None, **fields: Any) -> int:
    fields = {"recipient": person, "to": person.email, "status": OutgoingMail.Status.SENT, "sent_at": NOW, **fields}
    return factories.outgoing_mail(owner, **fields).pk


def prepare(world: Any, mark: str) -> None:
    """Tell everybody something, and send everybody a mail about themselves."""
    with all_companies(reason="test data"):
        members = {one.user_id: one for one in Membership.objects.select_related("user", "company").order_by("-pk")}
        acme = {one.user_id: one for one in members.values() if one.company_id == world.acme.pk}
        acme |= {one.user_id: one for one in Membership.objects.filter(company=world.acme).select_related("company")}
        borea = {one.user_id: one for one in Membership.objects.filter(company=world.borea).select_related("company")}
    for name, person in world.people.items():
        world.ids[f"mail/{name}", "own"] = _mail(person)
        member = (borea if name == "ben" else acme).get(person.pk)
        if member is not None:
            context = {"label": mark if name == "ben" else "Block of 7 cards", "path": f"/{member.company.identifier}/"}
            world.ids[f"notice/{name}", "own"] = factories.notice(member, context=context).pk
    colleague = factories.member(world.acme, "Cato", principal=False)
    world.ids["notice", "colleague"] = factories.notice(colleague).pk
    world.ids["mail", "colleague"] = _mail(colleague.user, world.acme)
    world.ids["notice", "own"] = world.ids["notice", "other_company"] = world.ids["notice/ben", "own"]
    there = borea[world.people["abby"].pk]
    world.ids["notice/abby", "other_company"] = factories.notice(there, context={"label": mark, "path": "/"}).pk
    stranger = factories.user(mark, email="sven@zyxborea.example")
    world.ids["mail", "own"] = world.ids["mail", "other_company"] = _mail(stranger, world.borea, subject=mark)


def body(world: Any, name: str) -> dict[str, Any] | None:
    """Return a valid form, or None for a page that is not about notices."""
    if name == "account:my_notices":
        kinds = (
            "core.batch_done",
            "cards.request_refused",
            "cards.code_reissue",
            "downloads.ready",
            "accounts.work_held",
        )
        return dict.fromkeys(kinds, "daily")
    if name == "account:notice_settings":
        with all_companies(reason="test"):
            ada = Membership.objects.get(company=world.acme, user=world.people["ada"])
        with company_scope(world.acme.pk):
            version = Recipients(Actor(label="Ada", company=world.acme.pk), timezone.now()).version
        return {"version": version, "cards.blocked": [ada.pk]}
    return None
