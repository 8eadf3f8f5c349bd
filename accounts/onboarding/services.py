"""What the general conditions and the first connection do: publish, accept, finish (ONB-1 to ONB-5)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.colleagues.finding import follow_person
from accounts.models import Acceptance, Company, ConditionsVersion, User
from accounts.safety.services import ask_email_change
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.scope import person_scope, require_scope
from fleetportal.core.work import promise

LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Information:
    """What the principal user says of themselves (ONB-2)."""

    last_name: str
    first_name: str
    email: str
    phone: str
    mobile: str = ""


def _company() -> Company:
    """Return the company in scope, as it stands now."""
    company = require_scope("a first connection").company
    assert company is not None  # these verbs are called in a company's scope
    return Company.objects.get(pk=company)


def current_conditions() -> ConditionsVersion | None:
    """Return the version in force, the newest; None where none was published yet."""
    return ConditionsVersion.objects.order_by("-number").first()


def pending_conditions() -> ConditionsVersion | None:
    """Return the version in force when it was not accepted for the company in scope (ONB-1)."""
    company = _company()
    return ConditionsVersion.objects.filter(number__gt=company.conditions_accepted).order_by("-number").first()


def publish_conditions(
    *, conditions: list[dict[str, dict[str, str]]], after: int, actor: Actor, now: datetime
) -> ConditionsVersion:
    """Publish a new version of the general conditions; it can't be changed any more (ONB-1).

    `after` is the number of the version that was in force when it was written, 0 for none. Each principal user is asked
    at their next sign-in. Raises ValidationError for a condition without its words in every language, TransitionLost
    when somebody else published one meanwhile.
    """
    actor.must("operator.publish")
    complete = all(
        one[part].get(language) for one in conditions for part in ("title", "text") for language in LANGUAGES
    )
    if not conditions or not complete:
        raise ValidationError(_("Every condition needs its title and text in all languages."))
    newest = current_conditions()
    if (newest.number if newest else 0) != after:
        raise TransitionLost(_("Somebody else published a new version meanwhile. Look at it first."))
    try:
        with transaction.atomic():  # of two who publish at once, the number lets one through
            version = ConditionsVersion.objects.create(
                number=after + 1, conditions=conditions, published_at=now, published_by_id=actor.person
            )
    except IntegrityError:
        raise TransitionLost(_("Somebody else published a new version meanwhile. Look at it first.")) from None
    titles = [one["title"]["en"] for one in conditions]
    audit.record(
        actor, "accounts.conditions_published", version, now=now, after={"number": version.number, "titles": titles}
    )
    return version


def accept_conditions(*, version: ConditionsVersion, actor: Actor, now: datetime) -> None:
    """Keep that the company in scope accepted this version: by whom and when (ONB-1). Called twice, it is kept once.

    Raises PermissionDenied for anybody but the principal user, TransitionLost for a version that is not in force.
    """
    actor.must("company.start")
    if version != current_conditions():
        raise TransitionLost(_("The general conditions have changed meanwhile. Read the new version."))
    company = _company()
    newer = Company.objects.filter(pk=company.pk, conditions_accepted__lt=version.number)
    if not newer.update(conditions_accepted=version.number):  # of two windows at once, one keeps it
        return
    kept = Acceptance.objects.create(company=company, version=version, accepted_by_id=actor.person, accepted_at=now)
    label = _("Version %(number)s") % {"number": version.number}
    after = {"version": version.number}
    audit.record(actor, "accounts.conditions_accepted", kept, now=now, after=after, label=label)


def finish_first_connection(*, information: Information | None, actor: Actor, now: datetime) -> None:
    """End the first connection of the company in scope: from now on its portal is open (ONB-5).

    Takes over what the principal user said of themselves; another e-mail address is first confirmed there (ACC-1).
    Colleagues who were taken over are invited, by promised work. Raises PermissionDenied for anybody but the principal
    user, TransitionLost when it has ended already or the conditions in force are not accepted.
    """
    actor.must("company.start")
    if pending_conditions() is not None:
        raise TransitionLost(_("The general conditions have changed meanwhile. Read the new version."))
    company = _company()
    opened = Company.objects.filter(pk=company.pk, initialised_at__isnull=True).update(initialised_at=now)
    if not opened:
        raise TransitionLost(_("This was finished already, in another window."))
    if information is not None:
        _take_information(information, actor, now)
    audit.record(
        actor, "accounts.initialised", company, now=now, after={"origin": company.origin}, label=company.legal_name
    )
    promise(
        "accounts.invite_taken_over",
        key=f"accounts.invite_taken_over:{company.pk}",
        subject=company.legal_name,
        payload={"company": company.pk},
        due_at=now,
        requested_by=actor.user,
        now=now,
    )


def _take_information(information: Information, actor: Actor, now: datetime) -> None:
    """Write what is new about the person; an e-mail address becomes theirs once they have confirmed it."""
    user = User.objects.select_for_update().get(pk=actor.person)
    known = {name: getattr(user, name) for name in asdict(information)}
    before, after = audit.changes(known, asdict(information))
    address = after.pop("email", "")
    before.pop("email", None)
    if after:
        for name, value in after.items():
            setattr(user, name, value)
        user.save(update_fields=list(after))
        follow_person(user)
        with person_scope(user.pk):
            audit.record(actor, "accounts.user_changed", user, now=now, before=before, after=after)
    if address:
        ask_email_change(user=user, new_email=address, actor=actor, now=now)
