"""The tables of files that were read: one row for the file, one for each of its lines."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from fleetportal.core.tenancy import Tenancy, TenantForeignKey, TenantModel


class Import(TenantModel):
    """A file that somebody had checked: its lines as they were read, until they are applied or forgotten.

    An operator's own belongs to no company. `applied_at` is set once: of two windows one applies it.
    """

    tenancy = Tenancy(optional=True)

    company = models.ForeignKey(  # type: ignore[assignment]  # may be null here, where the tenancy is optional
        settings.TENANT_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    file_name = models.CharField(max_length=120)
    # The names of the columns that the file has, by sheet, in its order.
    columns = models.JSONField(default=dict)
    total = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="imports_import_age")]

    def __str__(self) -> str:
        return self.file_name


class ImportLine(TenantModel):
    """One line of a file, as read, with what is wrong with it by column."""

    tenancy = Tenancy(optional=True)

    company = models.ForeignKey(  # type: ignore[assignment]  # as above
        settings.TENANT_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    upload = TenantForeignKey("imports.Import", on_delete=models.CASCADE, related_name="lines", db_index=False)
    sheet = models.CharField(max_length=40)
    line = models.PositiveIntegerField()
    cells = models.JSONField(encoder=DjangoJSONEncoder)
    errors = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    faulty = models.BooleanField(default=False)

    class Meta:
        # Lines are written in the order of the file, so their ids are in that order.
        indexes = [models.Index(fields=["upload", "-faulty", "id"], name="imports_importline_shown")]

    def __str__(self) -> str:
        return f"{self.sheet} {self.line}"
