"""By what a colleague is found, and by which name: kept up to date with the person and the membership."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from accounts.models import Membership, User
from fleetportal.core import search
from fleetportal.core.scope import all_companies
from fleetportal.core.search_fill import Source, declare_source

KIND = search.belongs_to_the_company("accounts.user")


def find_again(membership_ids: Iterable[int]) -> None:
    """Write what these members are found by: name, address and phone (called in the transaction that changes them)."""
    search.put(KIND, _entries(list(membership_ids)))


def _entries(membership_ids: list[int]) -> Iterator[search.Entry]:
    for one in Membership.objects.filter(pk__in=membership_ids).select_related("user"):
        yield search.Entry(company=one.company_id, object_id=one.pk, words=words_of(one))


def words_of(membership: Membership) -> str:
    """Return what a member is found by; of who has not joined, only what this company entered."""
    phone = "" if membership.invited_at else membership.user.phone
    return f"{membership.name} {membership.user.email} {phone}"


def follow_person(user: User) -> None:
    """Take over a person's new names, phone or address wherever they have joined (called when they change them)."""
    with all_companies(reason="a person's own data stand in every company they belong to"):
        joined = Membership.objects.filter(user=user, invited_at__isnull=True)
        joined.update(name=user.list_name)
        find_again(Membership.objects.filter(user=user).values_list("pk", flat=True))


declare_source(Source(KIND, Membership, _entries))
