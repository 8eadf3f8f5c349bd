"""Saved views: a list with its search, filters, order and columns, kept by one person under a name (GEN-6)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.http import QueryDict
from django.utils.translation import gettext as _

from fleetportal.core.access import Actor
from fleetportal.core.search import plain
from fleetportal.core.tenancy import Tenancy, TenantModel

PERMISSION = "views.keep"
# Of one person on one list: more than this is no choice any more.
AT_MOST = 20
LONGEST_NAME, LONGEST_QUERY = 60, 2000
# Words of a list's address that say where one is in it, or what is open, and not what it shows.
PASSING = ("after", "before", "last", "format", "saved", "panel", "move")
# The first of the two numbers of an advisory lock; the other is the person.
_LOCK = 61_706


class SavedView(TenantModel):
    """What one person wants to see of one list. `place` is the name of the list's address, `query` what it shows.

    Operator staff keep views, too; these belong to no company. `key` is the name as it is compared.
    """

    tenancy = Tenancy(person="user", optional=True)

    company = models.ForeignKey(  # type: ignore[assignment]  # may be null here, where the tenancy is optional
        settings.TENANT_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    place = models.CharField(max_length=100)
    name = models.CharField(max_length=LONGEST_NAME)
    # A letter that is taken apart can become several.
    key = models.TextField()
    query = models.TextField(blank=True)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "core"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "company", "place", "key"], nulls_distinct=False, name="core_savedview_name"
            ),
            models.UniqueConstraint(
                fields=["user", "company", "place"],
                condition=models.Q(is_default=True),
                nulls_distinct=False,
                name="core_savedview_one_default",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def words(self) -> str:
        """Return the words of the list's address with which the view is opened."""
        return f"{self.query}&saved={self.pk}" if self.query else f"saved={self.pk}"


def mine(user: int) -> models.QuerySet[SavedView]:
    """Return that person's views in the company in scope, or those that belong to none behind the wide door."""
    from fleetportal.core.scope import require_scope

    views: models.QuerySet[SavedView] = SavedView.objects.filter(user_id=user)
    # The wide door shows every company's rows; an operator's own belong to none.
    return views.filter(company=None) if require_scope("A view").wide else views


def kept_of(params: QueryDict) -> str:
    """Return what of a list's address a view keeps: what is shown and how, not where in it one is."""
    kept = params.copy()
    for name in (*PASSING, *[name for name in params if not any(params.getlist(name))]):
        kept.pop(name, None)
    return kept.urlencode()


def save_view(*, actor: Actor, place: str, name: str, query: str, is_default: bool, now: datetime) -> SavedView:
    """Keep a view of a list under a name (GEN-6).

    Raises ValidationError: at `name` for a name that this person uses on this list already, and without a field for an
    address that is too long or one view too many. Called twice, the second finds its name taken.
    """
    actor.must(PERMISSION)
    _alone(actor)
    others = mine(actor.person).filter(place=place)
    if others.count() >= AT_MOST:
        raise ValidationError(_("You keep %(most)s views of this list already. Delete one first.") % {"most": AT_MOST})
    _check(others, name, query)
    if is_default:
        others.filter(is_default=True).update(is_default=False)
    return SavedView.objects.create(
        user_id=actor.person,
        place=place,
        name=name,
        key=plain(name),
        query=query,
        is_default=is_default,
        created_at=now,
    )


def change_view(*, actor: Actor, view: SavedView, name: str, query: str, is_default: bool) -> None:
    """Rename a view, change what it shows, or open the list with it; may be called twice. Raises as `save_view`."""
    actor.must(PERMISSION)
    _alone(actor)
    others = mine(actor.person).filter(place=view.place).exclude(pk=view.pk)
    _check(others, name, query)
    if is_default:
        others.filter(is_default=True).update(is_default=False)
    mine(actor.person).filter(pk=view.pk).update(name=name, key=plain(name), query=query, is_default=is_default)


def delete_view(*, actor: Actor, view: SavedView) -> None:
    """Delete a view; the list and what it holds stay. Called twice, the second finds nothing to delete."""
    actor.must(PERMISSION)
    mine(actor.person).filter(pk=view.pk).delete()


def _alone(actor: Actor) -> None:
    """Wait until no other request changes this person's views: two would each take the name or the default."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, actor.person % 2**31])


def _check(others: models.QuerySet[SavedView], name: str, query: str) -> None:
    key = plain(name)
    if not key:
        raise ValidationError({"name": _("Give the view a name.")})
    if others.filter(key=key).exists():
        raise ValidationError({"name": _("You have a view of this name on this list already. Choose another name.")})
    if len(query) > LONGEST_QUERY:
        raise ValidationError(_("This search is too long to be kept. Leave some filters out."))
