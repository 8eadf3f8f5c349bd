"""Fuel cards, their issues, limits and requests, and the operator's production (cards.md)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat, LPad
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Address
from cards.catalogue import (
    Area,
    BlockReason,
    Category,
    CodeType,
    OnReach,
    Period,
    RenewalStatus,
    Unit,
    VehicleType,
)
from cards.lifecycle import CARD_STATUSES, NEW, RECEIVED, REQUEST_STATUSES
from cards.plastic import reading
from fleetportal.core.tenancy import OperatorModel, Tenancy, TenantForeignKey, TenantModel

_SCOPED = Tenancy(customer_number="customer_number", division="division")
# Names of products that have a translation; one that an operator thought of stands as it is.
_USUAL_NAMES = (gettext_noop("Fleet card"), gettext_noop("Fleet card Europe"))


class CardProduct(models.Model):
    """A kind of card that the operator offers: how its numbers are made and how long a plastic is valid (facts 4.1)."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    issuer_number = models.CharField(max_length=8, help_text="The first digits (ISO/IEC 7812).")
    number_length = models.PositiveSmallIntegerField(default=16)
    luhn = models.BooleanField(default=True)
    next_serial = models.BigIntegerField(default=1)
    validity_months = models.PositiveSmallIntegerField(default=48)
    is_offered = models.BooleanField(default=True)
    # What can't be changed on a plastic that is made (CRD-42); operator staff decide it (`cards.plastic`).
    needs_plastic = ArrayField(models.CharField(max_length=30), default=reading)

    def __str__(self) -> str:
        return gettext(self.name) if self.name else ""


class Card(TenantModel, Address):
    """The account behind the plastic. `status`, `rank`, `expires_on`, `dispatched_at` and `live` mirror its issues.

    `live` says that a plastic exists that could be used or is on its way, so that a block has something to end.
    The inherited address is where the plastic is sent.
    """

    tenancy = _SCOPED

    customer_number = TenantForeignKey("accounts.CustomerNumber", related_name="cards")
    division = TenantForeignKey("accounts.FleetDivision", null=True, blank=True, related_name="cards")
    product = models.ForeignKey(CardProduct, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=19, blank=True)
    category = models.CharField(_("category"), max_length=8, choices=Category)
    printed_as = models.CharField(_("plate or name on the card"), max_length=26)
    plate_country = models.CharField(_("country of the plate"), max_length=2, blank=True)
    vehicle = TenantForeignKey("vehicles.Vehicle", null=True, blank=True, related_name="cards")
    driver = TenantForeignKey("vehicles.Driver", null=True, blank=True, related_name="cards")
    extra_mention = models.CharField(_("extra mention"), max_length=26, blank=True)
    cost_centre = models.CharField(_("cost centre"), max_length=20, blank=True)
    products = ArrayField(models.CharField(max_length=12), default=list)
    code_type = models.CharField(_("secret code"), max_length=10, choices=CodeType)

    # Technical controls (CRD-5). Litres; null means no control.
    tank_capacity = models.PositiveSmallIntegerField(_("tank capacity"), null=True, blank=True)
    vehicle_type = models.CharField(_("vehicle type"), max_length=10, choices=VehicleType, blank=True)
    odometer_entry = models.BooleanField(_("odometer entry at the terminal"), default=False)
    # In time: days of the week on which the card is refused (1 is Monday, ISO 8601), and the hours allowed.
    forbidden_days = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    hours_from = models.TimeField(_("allowed from"), null=True, blank=True)
    hours_until = models.TimeField(_("allowed until"), null=True, blank=True)
    # Geographical.
    area = models.CharField(_("area"), max_length=10, choices=Area, default=Area.EVERYWHERE)
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    # Of transactions: euro, minutes.
    max_transactions = models.PositiveSmallIntegerField(_("most transactions"), null=True, blank=True)
    max_transactions_period = models.CharField(max_length=11, choices=Period, blank=True)
    max_amount = models.DecimalField(_("highest amount of one"), max_digits=8, decimal_places=2, null=True, blank=True)
    min_minutes_between = models.PositiveSmallIntegerField(_("least time between two"), null=True, blank=True)

    status = models.CharField(max_length=11, choices=[(s.value, s.label) for s in CARD_STATUSES], default=NEW)
    rank = models.PositiveSmallIntegerField(default=1)
    expires_on = models.DateField(null=True, blank=True)
    dispatched_at = models.DateTimeField(null=True, blank=True)
    live = models.BooleanField(default=False)
    renewal_status = models.CharField(max_length=10, choices=RenewalStatus, default=RenewalStatus.NONE)
    # Whether a cancelled card was a candidate: taking the cancelling back makes it one again.
    was_candidate = models.BooleanField(default=False, db_default=False)
    last_used_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # Counts changes of settings, so that two people who change the same card at once notice each other (GEN-3).
    version = models.PositiveIntegerField(default=1)

    # What lists sort by, equal to the indexes below: a card without a date stands at the end, or at the beginning.
    EXPIRY = Coalesce("expires_on", Value(date.max))
    LAST_USE = Coalesce("last_used_on", Value(date.min))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="cards_card_number_once"),
        ]
        indexes = [
            models.Index(fields=["company", "printed_as", "id"], name="cards_card_printed"),
            models.Index(fields=["company", "status", "id"], name="cards_card_status"),
            models.Index(fields=["company", "customer_number", "id"], name="cards_card_number"),
            models.Index(fields=["company", "division", "id"], name="cards_card_division"),
            models.Index(F("company"), Coalesce("expires_on", Value(date.max)), F("id"), name="cards_card_expiry"),
            models.Index(F("company"), Coalesce("last_used_on", Value(date.min)), F("id"), name="cards_card_last_used"),
        ]

    def __str__(self) -> str:
        return self.printed_as

    @property
    def last_digits(self) -> str:
        """The last four digits of the number, all that is shown outside the card's own page (CRD-33)."""
        return self.number[-4:]


class CardLimit(TenantModel):
    """A ceiling for one product or service of a card (CRD-4): how much, in which unit and period, and what then."""

    tenancy = Tenancy(through="card")

    card = TenantForeignKey("cards.Card", on_delete=models.CASCADE, related_name="limits")
    product = models.CharField(max_length=12)
    amount = models.DecimalField(max_digits=9, decimal_places=2)
    unit = models.CharField(max_length=3, choices=Unit)
    period = models.CharField(max_length=11, choices=Period)
    on_reach = models.CharField(max_length=6, choices=OnReach)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["card", "product", "period"], name="cards_cardlimit_once"),
            models.CheckConstraint(condition=Q(amount__gt=Decimal(0)), name="cards_cardlimit_positive"),
        ]


class Batch(OperatorModel):
    """Orders taken into production together, and the file that went to the card maker (FUL-1).

    A batch is of cards to be made, or of code letters to be sent (PIN-4): these travel in files of their own.
    """

    class Kind(models.TextChoices):
        CARDS = "cards", _("Cards")
        LETTERS = "letters", _("Code letters")

    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.CARDS, db_default=Kind.CARDS.value)
    size = models.PositiveIntegerField()
    maker = models.CharField(max_length=10)
    file_name = models.CharField(max_length=80, blank=True)
    checksum = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    # The number as SQL, for lists.
    NUMBER = Concat(Value("B"), LPad(Cast("pk", models.TextField()), 6, Value("0")))

    class Meta:
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return f"B{self.pk:06d}"


class Issue(TenantModel):
    """One plastic of a card, with its rank (facts 4.2). Its status is the one that counts; see `lifecycle.ISSUE`."""

    tenancy = Tenancy(through="card")

    card = TenantForeignKey("cards.Card", related_name="issues")
    rank = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=11, choices=[(s.value, s.label) for s in CARD_STATUSES], default=NEW)
    ordered_at = models.DateTimeField()
    # Plain number: the batch is the operator's own and lies behind the wide door.
    batch_id = models.BigIntegerField(null=True, blank=True)
    # The chosen code, sealed for the card maker; dropped once the maker confirms (GEN-12).
    sealed_code = models.BinaryField(null=True)
    # A changed plastic: what it will carry and the card does not yet (decision 0041); null once the card does.
    changes = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    # It gets a code of its own: a changed plastic whose code was changed (PIN-3).
    new_code = models.BooleanField(default=False, db_default=False)
    # What is printed on it, where it is no longer what the card says; empty where it is.
    printed_as = models.CharField(max_length=26, blank=True, default="", db_default="")
    made_on = models.DateField(null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    dispatched_at = models.DateTimeField(null=True, blank=True)
    tracking = models.CharField(max_length=40, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    blocked_at = models.DateTimeField(null=True, blank=True)
    block_reason = models.CharField(max_length=12, choices=BlockReason, blank=True)

    class Meta:
        ordering = ["-rank"]
        constraints = [
            models.UniqueConstraint(fields=["card", "rank"], name="cards_issue_rank_once"),
            models.CheckConstraint(condition=Q(rank__gte=1), name="cards_issue_rank_positive"),
        ]
        indexes = [
            models.Index(fields=["batch_id"], condition=Q(batch_id__isnull=False), name="cards_issue_batch"),
            models.Index(fields=["dispatched_at"], condition=Q(status="in_creation"), name="cards_issue_under_way"),
            models.Index(fields=["expires_on"], condition=Q(status="active"), name="cards_issue_expiring"),
        ]

    def __str__(self) -> str:
        return _("rank %(rank)s") % {"rank": self.rank}


class Request(TenantModel):
    """What the customer asked the operator to make or send (CRD-7, CRD-9); ends once, see `lifecycle.REQUEST`.

    `subject_kind` and `subject_id` name the thing that is made: an issue of a card, or a code letter.
    """

    class Kind(models.TextChoices):
        NEW_CARD = "new_card", _("New card")
        DUPLICATE = "duplicate", _("Duplicate")
        CODE_LETTER = "code_letter", _("Reissue of the secret code")
        CHANGED = "changed", _("Changed plastic")

    tenancy = _SCOPED

    customer_number = TenantForeignKey("accounts.CustomerNumber", related_name="+")
    division = TenantForeignKey("accounts.FleetDivision", null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    label = models.CharField(max_length=60)
    card = TenantForeignKey("cards.Card", null=True, blank=True, related_name="requests")
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    status = models.CharField(max_length=13, choices=[(s.value, s.label) for s in REQUEST_STATUSES], default=RECEIVED)
    accepted_at = models.DateTimeField()
    due_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    # The number as SQL, for lists.
    NUMBER = Concat(Value("R"), LPad(Cast("pk", models.TextField()), 8, Value("0")))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_kind", "subject_id"], name="cards_request_subject_once")
        ]
        indexes = [
            models.Index(fields=["company", "status", "id"], name="cards_request_status"),
            models.Index(fields=["due_at", "id"], condition=Q(status="received"), name="cards_request_queue"),
            models.Index(
                fields=["due_at"], condition=Q(status__in=["received", "in_production"]), name="cards_request_open"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number that the customer is told: R and eight digits."""
        return f"R{self.pk:08d}"

    def is_late(self, now: Any) -> bool:
        """Say whether the promised 24 hours are over while it is still open (decision 9)."""
        return self.status in {RECEIVED, "in_production"} and now > self.due_at


class CodeLetter(TenantModel, Address):
    """An order to send the secret code of a card by post once more (PIN-4); it holds no code, and never did.

    The inherited address is empty until the order goes into production: it is the customer number's of that day, so
    that no letter goes to an address that was given up while its order waited (PIN-6).
    """

    tenancy = Tenancy(through="card")

    card = TenantForeignKey("cards.Card", related_name="letters")
    rank = models.PositiveSmallIntegerField()
    ordered_at = models.DateTimeField()
    # Plain number: the batch is the operator's own and lies behind the wide door.
    batch_id = models.BigIntegerField(null=True, blank=True)
    # When the card maker sent it or refused to, or when it was printed here.
    ended_at = models.DateTimeField(null=True, blank=True)
    reference = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["batch_id"], condition=Q(batch_id__isnull=False), name="cards_codeletter_batch"),
        ]

    def __str__(self) -> str:
        return _("rank %(rank)s") % {"rank": self.rank}


class CodeAddressChange(TenantModel, Address):
    """A change of the address for secret codes of a customer number, with the letter that asked for it (PIN-6)."""

    tenancy = Tenancy(customer_number="customer_number")

    customer_number = TenantForeignKey("accounts.CustomerNumber", related_name="+")
    file = TenantForeignKey("core.StoredFile", related_name="+")
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return ", ".join(self.lines)


class RequestDocument(TenantModel):
    """A document that goes with a request (a purchase order); the operator reads it too."""

    tenancy = Tenancy(through="request")

    request = TenantForeignKey("cards.Request", related_name="documents")
    file = TenantForeignKey("core.StoredFile", related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.file)


class Settled(models.Model):
    """Something for operator staff to look at: open until one of them says, once, what was done about it."""

    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    settlement = models.CharField(max_length=300, blank=True, db_default="")

    class Meta:
        abstract = True


class MakerFile(Settled, OperatorModel):
    """A file from the card maker: taken once, or set aside whole with the reason (FUL-3).

    It is an answer, or a batch of sealed codes to print (PIN-5); of a batch that was printed nothing is kept.
    """

    class Kind(models.TextChoices):
        ANSWER = "answer", _("Answer")
        CODES = "codes", _("Sealed codes")

    class State(models.TextChoices):
        TAKEN = "taken", pgettext_lazy("file", "Taken")
        SET_ASIDE = "set_aside", _("Set aside")

    name = models.CharField(max_length=120)
    checksum = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.ANSWER, db_default=Kind.ANSWER.value)
    state = models.CharField(max_length=9, choices=State)
    reason = models.CharField(max_length=300, blank=True)
    content = models.TextField()
    printed_at = models.DateTimeField(null=True, blank=True)
    lines = models.PositiveIntegerField(default=0)
    applied = models.PositiveIntegerField(default=0)

    # A file that was set aside whole, or lines of one that was taken; and what of that staff should still look at.
    ASIDE = Q(state="set_aside") | Q(applied__lt=models.F("lines"))
    OPEN = ASIDE & Q(settled_at=None)

    class Meta:
        constraints = [
            # The same content twice is the same delivery: it is taken once.
            models.UniqueConstraint(fields=["checksum"], condition=Q(state="taken"), name="cards_makerfile_taken_once"),
        ]

    def __str__(self) -> str:
        return self.name


class SetAsideLine(Settled, OperatorModel):
    """A line of a maker's file that could not be applied, with its reason; operator staff see it."""

    file = models.ForeignKey(MakerFile, on_delete=models.CASCADE, related_name="set_aside")
    line = models.PositiveIntegerField()
    text = models.CharField(max_length=300)
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["line"]

    def __str__(self) -> str:
        return self.text
