"""A worker that is killed while it applies a large file: each line is applied once (GEN-5, GEN-7)."""

from __future__ import annotations

from collections import Counter

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts.models import Invitation, Membership, User
from accounts.safety import sessions
from fleetportal.core import startup
from fleetportal.core.audit import AuditEntry
from fleetportal.core.batches import Batch as BulkBatch
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
from fleetportal.imports import pages as imports
from tests import factories
from tests.accounts.colleagues.conftest import visitor
from tests.accounts.loading.conftest import HEADINGS
from tests.cards.tools import one, rows
from tests.kills.conftest import forget_workers, hurry, left, running, wait_for
from tests.sheets import upload, workbook

pytestmark = [
    pytest.mark.rule("GEN-5"),
    pytest.mark.rule("GEN-7"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(400),
    pytest.mark.xdist_group("processes"),
]

LINES = imports.AT_ONCE + 10
# In the third chunk, with lines of that chunk before it.
STOPPED_AT = 2 * imports.CHUNK + imports.CHUNK // 2


def address(place):
    return f"user{place:04d}@client.example"


def hold_an_address(own, like, email):
    """Write a person with that address in a transaction that does not end: whoever writes the same one waits."""
    columns = [field.column for field in User._meta.concrete_fields if not field.primary_key]
    values = ["%(email)s" if name == "email" else name for name in columns]
    own.execute(
        f"INSERT INTO accounts_user ({', '.join(columns)}) SELECT {', '.join(values)} FROM accounts_user"
        " WHERE id = %(like)s",
        {"email": email, "like": like},
    )


def all_done():
    hurry("accounts.import")
    with all_companies(reason="test"):
        return not WorkItem.objects.filter(kind="accounts.import_users").exclude(status="done").exists()


def test_a_worker_killed_in_the_middle_of_a_file_creates_and_invites_each_user_once(crew, acme, number):
    crew.web()
    ada = factories.member(acme, "Ada")
    lines = [
        ("Peeters", "An", address(place), "0470123456", "nl", "Consultation", "Cards and OBU") for place in range(LINES)
    ]
    data = {"file": upload(workbook({"Users": [HEADINGS, *lines]}), "users.xlsx")}
    checked = visitor(ada.user).post(f"/{acme.identifier}/users/import/", data, follow=True)
    person = crew.person(ada.user, f"/{acme.identifier}/")
    store = SessionStore(person.session.cookies.values()[0])
    sessions.begin(store, timezone.now())
    store.save()
    progress = person.send(person.get(checked.request["PATH_INFO"]))
    assert f"0 of {LINES} done" in progress.text
    crew.beat()
    worker = crew.worker()
    with startup.connect() as own, own.transaction(force_rollback=True):
        hold_an_address(own, ada.user_id, address(STOPPED_AT))
        wait_for(lambda: somebody_waits() and one(BulkBatch).done >= imports.CHUNK, 90, left)
        assert running("accounts.import_users")
        crew.kill(worker)
    forget_workers()
    crew.worker()
    wait_for(all_done, 120, left)
    batch = one(BulkBatch)
    assert (batch.done, batch.failed, batch.status) == (LINES, 0, "done")
    assert f"Done for all {LINES}." in person.get(progress.path).text
    emails = [address(place) for place in range(LINES)]
    assert Counter(rows_of(User, "email", email__in=emails)) == dict.fromkeys(emails, 1)
    members = [one.pk for one in rows(Membership) if one.pk != ada.pk]
    assert len(members) == LINES
    assert Counter(rows_of(Invitation, "membership_id")) == dict.fromkeys(members, 1)
    assert Counter(rows_of(OutgoingMail, "template"))["colleague_invited"] == LINES
    for verb in ("accounts.member_added", "accounts.invited"):
        assert Counter(rows_of(AuditEntry, "object_id", verb=verb)) == dict.fromkeys(members, 1)
    attempts = Counter(item.attempts for item in rows(WorkItem, kind="accounts.import_users"))
    assert attempts[1] >= 1, "No chunk went through at first."
    assert sum(attempts[times] for times in attempts if times > 1) >= 1, "No kill came in the middle of the work."


def rows_of(model, column, **which):
    with all_companies(reason="test"):
        return list(model._base_manager.filter(**which).values_list(column, flat=True))


def somebody_waits():
    """Say whether a session waits for what another one has written and not committed."""
    with startup.connect() as own:
        found = own.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
        return found.fetchone()[0] > 0
