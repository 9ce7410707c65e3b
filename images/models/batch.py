"""A batch of files on their way in, and each file with its own verdict."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models.expressions import Window
from django.db.models.functions import Now, RowNumber
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Site, User
from accounts.roles import Capability
from core.jobs import Job, JobQuerySet, JobStatus
from core.models import Record
from images.models.patient import CODE_MAX_LENGTH, valid_code
from images.models.radiograph import Radiograph


class PatientRule(models.TextChoices):
    """Whose radiograph a file is, where neither a table nor a DICOM header says so."""

    EACH_ITS_OWN = "each", _("Each file is a patient of its own, to be named later")
    ALL_ONE = "one", _("All files are of one patient")
    BY_FOLDER = "folder", _("The folder's name is the patient code")


class BatchStatus(models.TextChoices):
    OPEN = "open", pgettext_lazy("batch", "Open")
    CANCELLED = "cancelled", pgettext_lazy("batch", "Cancelled")


class UploadBatchQuerySet(models.QuerySet["UploadBatch"]):
    def visible_to(self, user: User) -> Self:
        """A person's own batches; administrators also those of their institution."""
        if not user.can(Capability.ADD_RADIOGRAPHS):
            return self.none()
        if user.is_platform_wide:
            return self
        own = models.Q(site=user.site)
        return self.filter(
            own if user.can(Capability.MANAGE_ACCOUNTS) else own & models.Q(owner=user)
        )

    def changeable_by(self, user: User) -> Self:
        """Only the sender adds files, retries or cancels."""
        return self.visible_to(user).filter(owner=user)


class UploadBatch(Record):
    """What one person sends in one go. It has no end: files may be added as long as it is open."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="batches")
    owner = models.ForeignKey(User, models.PROTECT, related_name="batches")
    # Chosen by the client: the same request twice makes one batch.
    client_key = models.UUIDField(editable=False)
    status = models.CharField(max_length=10, choices=BatchStatus.choices, default=BatchStatus.OPEN)
    patient_rule = models.CharField(
        _("patient of each file"), max_length=10, choices=PatientRule.choices,
        default=PatientRule.EACH_ITS_OWN,
    )  # fmt: skip
    patient_code = models.CharField(
        _("patient code"), max_length=CODE_MAX_LENGTH, blank=True, default="",
        validators=[valid_code],
    )  # fmt: skip

    objects = UploadBatchQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["owner", "client_key"], name="one_batch_per_client_key")
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("images:batch", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status == BatchStatus.OPEN


class FileKind(models.TextChoices):
    FILM = "film", _("Picture")
    ARCHIVE = "archive", _("ZIP archive")


class FileOutcome(models.TextChoices):
    CREATED = "created", _("Stored")
    DUPLICATE = "duplicate", _("Was here already")
    EXPANDED = "expanded", _("Unpacked")


class IncomingFileQuerySet(JobQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(batch__in=UploadBatch.objects.visible_to(user))

    def receiving(self) -> Self:
        return self.filter(status="queued", received_at=None)

    def claimable(self, now: datetime) -> Self:
        """Only what has arrived in full can be looked at."""
        return super().claimable(now).filter(received_at__isnull=False)

    def first_in_line(self, each: int) -> Self:
        """What arrived first of each sender, `each` at most, everybody's first file first: a batch
        of thousands holds up nobody else's."""
        place = Window(
            RowNumber(),
            partition_by=[models.F("batch__owner")],
            order_by=[models.F("received_at"), models.F("position")],
        )
        claimable = self.claimable(timezone.now()).annotate(place=place)
        return claimable.filter(place__lte=each).order_by("place", "received_at", "position")

    def pause(self, owner: str) -> bool:
        """Give a row back that came some way: to the end of the line, with all its tries."""
        return bool(
            self.owned(owner).update(
                status=JobStatus.QUEUED, owner="", lease_until=None, attempts=0,
                received_at=timezone.now(), updated_at=timezone.now(),
            )
        )  # fmt: skip

    def finish_each(self, owner: str, radiographs: Mapping[UUID, UUID], outcome: str) -> bool:
        """`finish` several rows at once, by key, each with the radiograph that it became.

        False where one of them was lost meanwhile; the others are then closed all the same, which
        the caller's transaction undoes.
        """
        became = [models.When(pk=key, then=models.Value(it)) for key, it in radiographs.items()]
        rows = self.filter(pk__in=radiographs)
        now = timezone.now()
        closed = rows.owned(owner).update(
            status=JobStatus.DONE, owner="", lease_until=None, finished_at=now, updated_at=now,
            error_code="", outcome=outcome,
            radiograph=models.Case(*became, output_field=models.UUIDField()),
        )  # fmt: skip
        return closed == len(radiographs)

    def arrived(self, pk: Any) -> bool:
        """Open the row to the workers; False when it was open or closed already."""
        return bool(self.receiving().filter(pk=pk).update(received_at=Now(), updated_at=Now()))


class IncomingFile(Job):
    """One file of a batch: announced, received, looked at, and then stored or refused.

        queued (received_at empty: bytes are arriving)
          --arrived--> queued --claim--> running --> done (outcome) | failed (error_code)
        queued|running --cancel--> cancelled      failed|cancelled --retry--> queued

    The sender's file name may be a person's name: what is kept is a keyed hash (to match a table's
    rows with) and the name sealed under the site's key, for the sender's eyes, until it expires.
    """

    batch = models.ForeignKey(UploadBatch, models.CASCADE, related_name="files")
    # The archive it was found in; such rows are made by the worker, nothing of them is sent.
    container = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="members"
    )
    position = models.PositiveIntegerField()
    name_key = models.CharField(max_length=64, editable=False)
    sealed_name = models.BinaryField(default=bytes, editable=False)
    kind = models.CharField(max_length=10, choices=FileKind.choices, default=FileKind.FILM)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField(null=True, editable=False)
    outcome = models.CharField(max_length=10, choices=FileOutcome.choices, blank=True, default="")
    radiograph = models.ForeignKey(
        Radiograph, models.SET_NULL, null=True, blank=True, related_name="arrivals"
    )
    # From the rule of the batch or from a table; empty: the DICOM header or a provisional code.
    patient_code = models.CharField(max_length=CODE_MAX_LENGTH, blank=True, default="")
    # What a table says of it, parsed: sex, age_years, view, acquired_on, rt_pcr, tested_on, ...
    facts = models.JSONField(default=dict, blank=True)
    # Of an archive: how many of its members have their rows.
    members_taken = models.PositiveIntegerField(default=0, editable=False)

    objects = IncomingFileQuerySet.as_manager()

    class Meta:
        ordering = ("batch", "position")
        constraints = [
            # The same file twice in a batch is one row.
            models.UniqueConstraint(
                fields=["batch", "name_key", "sha256"], name="same_file_once_per_batch"
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "position"], name="files_of_batch"),
            models.Index(fields=["status", "received_at"], name="files_waiting"),
            models.Index(fields=["sha256"], name="files_by_hash"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
