"""Bulk actions: a selection written down as rows, done in chunks, with a reason for each that could not be (GEN-4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import Case, F, Value, When
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from fleetportal.core.access import Actor
from fleetportal.core.mail import queue_mail
from fleetportal.core.named import kept_name, said_name
from fleetportal.core.notices import NoticeKind, Subject, declare_notice, notify
from fleetportal.core.scope import company_scope, current_scope
from fleetportal.core.tenancy import Tenancy, TenantForeignKey, TenantModel
from fleetportal.core.work import Promise, drop, handler, kind_of, promise_many, reach, take_over
from fleetportal.core.work_models import WorkItem

BATCH_DONE = declare_notice(NoticeKind("core.batch_done", _("Bulk action done"), "batch_done", "jobs.see"))


class Batch(TenantModel):
    """One bulk action on many objects; an operator's own spans companies and belongs to none."""

    class Status(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")

    tenancy = Tenancy(optional=True)

    company = models.ForeignKey(  # type: ignore[assignment]  # may be null here, where the tenancy is optional
        settings.TENANT_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    kind = models.CharField(max_length=60)
    # Its name, where its kind has none (`named.declare_batches`): a file's.
    label = models.CharField(max_length=200)
    payload = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    status = models.CharField(max_length=7, choices=Status, default=Status.RUNNING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "core"
        verbose_name_plural = "batches"
        indexes = [models.Index(fields=["finished_at"], name="core_batch_finished")]

    def __str__(self) -> str:
        return said_name(kept_name(self.kind, self.total, self.label))


class BatchRow(TenantModel):
    """One object of a batch, and what became of it.

    `refused`: the object did not allow it, `reason` says why. `failed`: a fault or a lost right stopped its chunk;
    it is done after all when operator staff let the chunk run again.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Not possible")
        FAILED = "failed", _("Failed")

    tenancy = Tenancy(optional=True)

    company = models.ForeignKey(  # type: ignore[assignment]  # may be null here, where the tenancy is optional
        settings.TENANT_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    batch = TenantForeignKey("core.Batch", on_delete=models.CASCADE, related_name="rows", db_index=False)
    chunk = models.PositiveIntegerField()
    object_id = models.BigIntegerField()
    label = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        app_label = "core"
        constraints = [
            models.UniqueConstraint(fields=["batch", "object_id"], name="core_batchrow_once"),
        ]
        indexes = [
            models.Index(fields=["batch", "chunk"], name="core_batchrow_chunk"),
            models.Index(
                fields=["batch", "id"],
                condition=models.Q(status__in=["refused", "failed"]),
                name="core_batchrow_stopped",
            ),
        ]

    def __str__(self) -> str:
        return self.label or str(self.object_id)


# Carries out one chunk: `(ids, payload, actor, now)`, and returns for each id that could not be done the sentence why.
BatchHandler = Callable[[list[int], dict[str, Any], Actor, datetime], dict[int, str]]

CHUNK = 1000

_FAULT = _("A fault stopped this. The operator's staff can see it and let it run again.")
_RIGHT_LOST = _("The person who asked for this may not do it any more. An administrator can let it run.")
_DROPPED = _("An administrator decided that this is not done.")
_NOT_YOURS = _("This is no longer yours: it is outside your customer numbers and divisions.")


def batch_handler(
    kind: str, *, permission: str, protective: bool = False, model: type[models.Model] | None = None
) -> Callable[[BatchHandler], BatchHandler]:
    """Register what carries out one kind of bulk action, chunk by chunk, each in one transaction.

    `permission` is checked again when a chunk runs; `protective` actions run even for somebody who lost it, on all that
    was confirmed. Others run on what who asked may reach today: the rest of the rows, which are of `model`, come back
    with the reason (GEN-13). Raises ValueError for such an action without a model.
    """
    if model is None and not protective:
        raise ValueError(f"{kind} says neither that it is protective nor what its rows are.")

    def register(function: BatchHandler) -> BatchHandler:
        def run_chunk(item: WorkItem, now: datetime) -> None:
            _run_chunk(item, function, None if protective else model, now)

        handler(kind, permission=permission, protective=protective, on_error=_stop_chunk)(run_chunk)
        return function

    return register


def start_batch(
    kind: str,
    chosen: models.QuerySet[Any],
    actor: Actor,
    payload: dict[str, Any],
    now: datetime,
    *,
    label: str = "",
    result_path: str = "",
    chunk: int = CHUNK,
) -> Batch:
    """Write down a bulk action on the chosen objects and promise it; returns the batch, whose page shows its progress.

    `chosen` is a queryset of two values, the id and what the user calls it (`.values_list("pk", "plate")`): the rows
    are written from it in one statement, so the selection is that of this moment. The batch belongs to the company in
    scope. An empty selection is a batch that is done. Who asked gets an e-mail when the last row is dealt with, with a
    link to `result_path`, in which {batch} stands for the batch's id. `label` names a batch whose kind has no name.
    """
    scope = current_scope()
    batch = Batch.objects.create(
        company_id=scope.company if scope else None,
        kind=kind_of(kind).name,
        label=label,
        payload=payload,
        requested_by_id=actor.user,
        created_at=now,
    )
    total = _write_rows(batch, chosen, chunk)
    batch.total = total
    batch.payload = payload | {"result_path": result_path.format(batch=batch.pk)}
    if not total:
        batch.status, batch.finished_at = Batch.Status.DONE, now
    batch.save(update_fields=["total", "status", "finished_at", "payload"])
    promise_many(
        kind,
        [
            Promise(f"batch:{batch.pk}:{number}", label, {"batch": batch.pk, "chunk": number})
            for number in range(-(-total // chunk))
        ],
        due_at=now,
        company_id=batch.company_id,
        requested_by=actor.user,
        batch=batch,
        now=now,
    )
    return batch


def _write_rows(batch: Batch, chosen: models.QuerySet[Any], chunk: int) -> int:
    """Copy the selection into the batch's rows, numbered into chunks by id; returns how many."""
    inner, params = chosen.order_by().query.sql_with_params()
    sql = f"""
        INSERT INTO core_batchrow (company_id, batch_id, chunk, object_id, label, status, reason)
        SELECT %s, %s, (row_number() OVER (ORDER BY id) - 1) / %s, id, left(coalesce(label::text, ''), 200),
            'waiting', ''
        FROM (SELECT DISTINCT ON (id) id, label FROM ({inner}) AS found (id, label) ORDER BY id) AS chosen
    """  # noqa: S608  # the inner query was compiled by Django, its values are parameters
    with connection.cursor() as cursor:
        cursor.execute(sql, [batch.company_id, batch.pk, chunk, *params])
        return int(cursor.rowcount)


def _run_chunk(item: WorkItem, function: BatchHandler, model: type[models.Model] | None, now: datetime) -> None:
    """Do what is still to be done of one chunk, and count it, in the transaction that finishes the item."""
    batch = Batch.objects.get(pk=item.payload["batch"])
    rows = BatchRow.objects.filter(
        batch=batch, chunk=item.payload["chunk"], status__in=[BatchRow.Status.WAITING, BatchRow.Status.FAILED]
    )
    statuses = dict(rows.order_by("object_id").values_list("object_id", "status"))
    if not statuses:
        return
    gone = _out_of_reach(item, model, list(statuses)) if model is not None else {}
    wanted = [pk for pk in statuses if pk not in gone]
    refused = function(wanted, batch.payload, item.actor, now) if wanted else {}
    if unknown := refused.keys() - statuses.keys():
        raise ValueError(f"{item.kind} refused {len(unknown)} objects it was not given.")
    refused = {**refused, **gone}
    _refuse(rows, refused)
    rows.exclude(status=BatchRow.Status.REFUSED).update(status=BatchRow.Status.DONE, reason="")
    again = sum(status == BatchRow.Status.FAILED for status in statuses.values())
    _count(batch, done=len(statuses) - len(refused), failed=len(refused) - again, now=now)


def _out_of_reach(item: WorkItem, model: type[models.Model], ids: list[int]) -> dict[int, str]:
    """Return what the company still has and who asked can't reach any more; what is gone is the handler's to say."""
    if item.company_id is None or item.actor.membership is None:
        return {}
    within = set(model._default_manager.filter(pk__anyof=ids).values_list("pk", flat=True))
    missing = [pk for pk in ids if pk not in within]
    if not missing:
        return {}
    with company_scope(item.company_id):
        there = list(model._default_manager.filter(pk__anyof=missing).values_list("pk", flat=True))
    return dict.fromkeys(there, str(_NOT_YOURS))


def _refuse(rows: models.QuerySet[Any], refused: dict[int, str]) -> None:
    """Write each reason to the rows it holds for: as many statements as there are reasons, and those are few."""
    by_reason: dict[str, list[int]] = {}
    for object_id, reason in refused.items():
        by_reason.setdefault(str(reason)[:300], []).append(object_id)
    for reason, object_ids in by_reason.items():
        rows.filter(object_id__anyof=object_ids).update(status=BatchRow.Status.REFUSED, reason=reason)


def _stop_chunk(item: WorkItem, _sentence: str, final: bool, now: datetime) -> None:
    """Let the batch come to its end when one of its chunks can't: its rows have failed, until somebody retries it."""
    if not final:
        return
    batch = Batch.objects.get(pk=item.payload["batch"])
    reason = _RIGHT_LOST if item.status == WorkItem.Status.HELD else _FAULT
    with translation.override(_language_of(batch)):
        stopped = BatchRow.objects.filter(
            batch=batch, chunk=item.payload["chunk"], status=BatchRow.Status.WAITING
        ).update(status=BatchRow.Status.FAILED, reason=str(reason))
    _count(batch, done=0, failed=stopped, now=now)


def held_together(item: WorkItem) -> list[WorkItem]:
    """Return what is decided on together with held work: the held chunks of the same bulk action."""
    if item.batch_id is None:
        return [item]
    with reach(item.company_id):
        return list(WorkItem.objects.filter(batch_id=item.batch_id, status=WorkItem.Status.HELD).order_by("pk"))


def take_over_held(item: WorkItem, actor: Actor, *, now: datetime) -> bool:
    """Let held work run under one's own name, all chunks of a bulk action at once (GEN-13); False when none is held.

    The bulk action is then the administrator's: its progress page and its mail are for them. Raises PermissionDenied
    for somebody who could not ask for it themselves. Of two at once one takes it over.
    """
    taken = [one for one in held_together(item) if take_over(one, actor, now=now)]
    if taken and item.batch_id is not None:
        with reach(item.company_id):
            batch = Batch.objects.select_for_update(of=("self",)).get(pk=item.batch_id)
            again = BatchRow.objects.filter(
                batch=batch, chunk__in=[one.payload["chunk"] for one in taken], status=BatchRow.Status.FAILED
            ).update(status=BatchRow.Status.WAITING, reason="")
            batch.failed -= again
            batch.status, batch.finished_at, batch.requested_by_id = Batch.Status.RUNNING, None, actor.user
            batch.save(update_fields=["failed", "status", "finished_at", "requested_by"])
    return bool(taken)


def drop_held(item: WorkItem, actor: Actor, *, now: datetime) -> bool:
    """Decide that held work is never done, all chunks of a bulk action at once (GEN-13); False when none is held.

    Raises PermissionDenied for somebody who is no administrator.
    """
    dropped = [one for one in held_together(item) if drop(one, actor, now=now)]
    if dropped and item.batch_id is not None:
        with reach(item.company_id):
            batch = Batch.objects.get(pk=item.batch_id)
            with translation.override(_language_of(batch)):
                BatchRow.objects.filter(
                    batch=batch, chunk__in=[one.payload["chunk"] for one in dropped], status=BatchRow.Status.FAILED
                ).update(reason=str(_DROPPED))
    return bool(dropped)


def _language_of(batch: Batch) -> str:
    """Return the language that the reasons of a batch are read in."""
    return batch.requested_by.language if batch.requested_by else settings.LANGUAGE_CODE


def _count(batch: Batch, *, done: int, failed: int, now: datetime) -> None:
    """Add to the batch's counters, and mark it done with its last row; chunks that end together wait for each other."""
    handled = F("done") + F("failed") + done + failed
    Batch.objects.filter(pk=batch.pk).update(
        done=F("done") + done,
        failed=F("failed") + failed,
        status=Case(When(total__lte=handled, then=Value(Batch.Status.DONE)), default=F("status")),
        finished_at=Case(When(total__lte=handled, then=Value(now)), default=F("finished_at")),
    )
    batch.refresh_from_db()
    if batch.status == Batch.Status.DONE and batch.requested_by is not None and batch.requested_by.is_active:
        context = {
            "label": kept_name(batch.kind, batch.total, batch.label),
            "done": batch.done,
            "failed": batch.failed,
            "path": batch.payload.get("result_path", ""),
        }
        key = f"batch_done:{batch.pk}:{batch.done}:{batch.failed}"
        if batch.company_id is None:  # operator staff have no notices
            queue_mail("batch_done", user=batch.requested_by, context=context, key=key, now=now)
        else:
            notify(
                BATCH_DONE,
                company_id=batch.company_id,
                subjects=[Subject(owner=batch.requested_by_id)],
                context=lambda _subjects, _user: context,
                key=key,
                now=now,
            )
