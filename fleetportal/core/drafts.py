"""What somebody has begun and not confirmed: kept in a row, so that any device can go on (decision 10)."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from fleetportal.core.tenancy import Tenancy, TenantModel

# A wizard keeps one draft for each person and company, whose kind begins so; any other form may have several.
WIZARD = "wizard."


class Draft(TenantModel):
    """The fields of a form that waits for its confirmation; a secret in it is sealed on arrival."""

    tenancy = Tenancy(person="user")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    data = models.JSONField(encoder=DjangoJSONEncoder)
    sealed = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        app_label = "core"
        indexes = [models.Index(fields=["user", "kind", "-updated_at"], name="core_draft_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "user", "kind"],
                condition=models.Q(kind__startswith=WIZARD),
                name="core_draft_one_wizard",
            )
        ]
