"""A chest radiograph: de-identified pixels in a private file, and the few facts kept with it."""

import uuid
from datetime import date
from typing import Any, Self

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Capability, Role
from core.models import Record
from images.models.patient import Patient


class View(models.TextChoices):
    PA = "PA", _("Postero-anterior (PA)")
    AP = "AP", _("Antero-posterior (AP)")
    AP_SUPINE = "AP-supine", _("Antero-posterior, supine")
    LATERAL = "L", _("Lateral")
    UNKNOWN = "", _("Unknown")


class RadiographStatus(models.TextChoices):
    KEPT = "kept", _("Kept")
    TRASHED = "trashed", _("In the trash")


class TextState(models.TextChoices):
    """Is there writing in the picture? What may name a patient leaves the house only seen."""

    CLEAR = "clear", _("No writing found")
    SUSPECTED = "suspected", _("Writing found, to be looked at")
    HARMLESS = "harmless", _("Looked at: names nobody")
    REDACTED = "redacted", _("Covered")


def private_path(radiograph: "Radiograph", filename: str) -> str:
    """`ab/<random key>.png`: nothing of the sender's file name or of the patient is in it."""
    key = uuid.uuid4().hex
    return f"{key[:2]}/{key}{filename[-4:]}"


class RadiographQuerySet(models.QuerySet["Radiograph"]):
    def kept(self) -> Self:
        return self.filter(status=RadiographStatus.KEPT)

    def trashed(self) -> Self:
        return self.filter(status=RadiographStatus.TRASHED)

    def confirmed(self) -> Self:
        """Those with a current, known ground truth for any target."""
        return self.filter(
            models.Exists(
                GroundTruthRef().filter(
                    radiograph=models.OuterRef("pk"), is_current=True, target_class__isnull=False
                )
            )
        )

    def suspected(self) -> Self:
        """Kept ones in which writing was found that nobody has looked at yet."""
        return self.kept().filter(text_state=TextState.SUSPECTED)

    def without_suspicion(self) -> Self:
        """All but those whose writing may still name a patient."""
        return self.exclude(text_state=TextState.SUSPECTED)

    def consented(self) -> Self:
        """All but those of patients who withdrew their consent to research and training."""
        withdrawn = Patient.objects.filter(consent_withdrawn_at__isnull=False)
        return self.filter(~models.Exists(withdrawn.filter(pk=models.OuterRef("patient"))))

    def with_current_truths(self) -> Self:
        """Patient, site and, as the list `current_truths`, each target's last result: 2 queries."""
        current = GroundTruthRef().filter(is_current=True).select_related("target", "target_class")
        return self.select_related("patient", "site", "uploader").prefetch_related(
            models.Prefetch(
                "truths", current.order_by("target__position"), to_attr="current_truths"
            )
        )

    def with_statements(self) -> Self:
        """As the list `statements`, all that was ever said of their ground truth: one query."""
        said = GroundTruthRef().select_related("target", "target_class", "entered_by")
        return self.prefetch_related(models.Prefetch("truths", said, to_attr="statements"))

    def for_list(self) -> Self:
        """As `with_current_truths`, for hundreds of rows: without what only the page of one shows,
        and with one object for what many rows share."""
        current = GroundTruthRef().filter(is_current=True)
        current = current.prefetch_related("target", "target_class").order_by("target__position")
        return (
            self.select_related("patient")
            .defer("dicom_facts", "deidentification", "text_boxes", "notes")
            .prefetch_related(
                "site", "uploader", "assigned_to",
                models.Prefetch("truths", current, to_attr="current_truths"),
            )
        )  # fmt: skip

    def visible_to(self, user: User) -> Self:
        """The one place that decides whose radiographs a person sees.

        Health workers, doctors and administrators: those of their institution (platform-wide
        administrators: all). Researchers: confirmed cases of their institution and of those that
        share with researchers, unless writing in the picture waits to be looked at or the patient
        withdrew the consent. Everybody else: none.
        """
        if not user.can(Capability.VIEW_RADIOGRAPHS):
            return self.none()
        if user.is_platform_wide:
            return self
        own = models.Q(site=user.site)
        if user.role != Role.RESEARCHER:
            return self.filter(own)
        shared = models.Q(site__shares_with_researchers=True)
        return self.kept().filter(own | shared).without_suspicion().consented().confirmed()

    def editable_by(self, user: User) -> Self:
        """Health workers change what they uploaded; doctors and administrators all they see."""
        if not user.can(Capability.EDIT_RADIOGRAPHS):
            return self.none()
        visible = self.visible_to(user)
        return visible.filter(uploader=user) if user.role == Role.HEALTH_WORKER else visible


def GroundTruthRef() -> models.QuerySet[Any]:  # noqa: N802  (truth.py imports this module)
    from images.models.truth import GroundTruth

    return GroundTruth.objects.all()


class Radiograph(Record):
    """One radiograph of one patient. The pixel hash is unique within an institution."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="radiographs")
    # Kept beside patient.site because the database can only hold the rule below on own columns.
    site = models.ForeignKey(
        "accounts.Site", models.PROTECT, related_name="radiographs", editable=False
    )
    uploader = models.ForeignKey(User, models.PROTECT, related_name="radiographs")
    status = models.CharField(
        max_length=10, choices=RadiographStatus.choices, default=RadiographStatus.KEPT
    )
    trashed_at = models.DateTimeField(null=True, editable=False)
    trashed_by = models.ForeignKey(
        User, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    file = models.FileField(upload_to=private_path, max_length=200)
    thumbnail = models.FileField(upload_to=private_path, max_length=200)
    file_sha256 = models.CharField(max_length=64, editable=False)
    # Empty for what was stored before it was kept.
    thumbnail_sha256 = models.CharField(max_length=64, blank=True, default="", editable=False)
    pixel_sha256 = models.CharField(max_length=64, editable=False, db_index=True)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    display_low = models.FloatField(editable=False)
    display_high = models.FloatField(editable=False)
    source_format = models.CharField(max_length=10, editable=False)
    # Of the file as it was sent: a client that offers the same file again need not send it.
    source_sha256 = models.CharField(max_length=64, blank=True, default="", editable=False)
    # Picture and thumbnail together; what quotas count.
    stored_bytes = models.PositiveBigIntegerField(default=0, editable=False)

    view = models.CharField(
        _("view"), max_length=12, choices=View.choices, blank=True, default=View.UNKNOWN
    )
    acquired_on = models.DateField(_("date of the radiograph"), null=True, blank=True)
    # True: the day of a DICOM header, moved by the patient's secret number of days.
    date_is_shifted = models.BooleanField(default=False, editable=False)
    age_years = models.PositiveSmallIntegerField(_("age in years"), null=True, blank=True)
    # UIDs of a DICOM header, re-mapped by the site's key (2.25.<number>).
    study_uid = models.CharField(max_length=64, blank=True, default="", editable=False)
    series_uid = models.CharField(max_length=64, blank=True, default="", editable=False)
    instance_uid = models.CharField(max_length=64, blank=True, default="", editable=False)
    source = models.CharField(_("source"), max_length=80, blank=True, default="")
    is_synthetic = models.BooleanField(_("synthetic"), default=False)
    notes = models.CharField(_("notes"), max_length=500, blank=True, default="")
    dicom_facts = models.JSONField(default=dict, blank=True, editable=False)
    # What was taken away at the door, by tag and never with a value (images.decoding.report).
    deidentification = models.JSONField(default=dict, blank=True, editable=False)
    text_state = models.CharField(
        max_length=10, choices=TextState.choices, default=TextState.CLEAR, editable=False
    )
    # Where writing was found: [[left, top, width, height], ...] in pixels.
    text_boxes = models.JSONField(default=list, blank=True, editable=False)
    # Equal for near-duplicates, which belong into one split; empty: nothing like it is known.
    copy_group = models.UUIDField(null=True, blank=True, editable=False, db_index=True)
    assigned_to = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="assigned_radiographs",
        verbose_name=_("assigned to"),
    )  # fmt: skip
    extra = models.JSONField(default=dict, blank=True, editable=False)
    # What the current ground truth says, kept here by images.services.truth: lists filter and sort
    # by it. `rt_pcr`: positive, negative, indeterminate or empty; `is_confirmed`: a class is known
    # for any target.
    rt_pcr = models.CharField(max_length=15, blank=True, default="", editable=False)
    is_confirmed = models.BooleanField(default=False, editable=False)

    objects = RadiographQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["site", "pixel_sha256"], name="same_pixels_once_per_site"
            )
        ]
        # Each begins with what `visible_to` and `kept` ask and ends as the list is ordered, so that
        # a page is read from the index and nothing is sorted (benchmarks/list_rows.py).
        indexes = [
            *(
                models.Index(fields=["site", "status", *fields], name=f"radiograph_{name}")
                for name, fields in {
                    "list": ["-created_at", "-id"],
                    "by_day": ["acquired_on", "created_at", "id"],
                    "by_age": ["age_years", "created_at", "id"],
                    "by_result": ["rt_pcr", "created_at", "id"],
                    "by_confirmed": ["is_confirmed", "created_at", "id"],
                    "by_view": ["view", "created_at", "id"],
                    "by_text": ["text_state", "created_at", "id"],
                    "by_format": ["source_format", "created_at", "id"],
                    "by_person": ["assigned_to", "created_at", "id"],
                    "by_uploader": ["uploader", "created_at", "id"],
                }.items()
            ),
            models.Index(fields=["status", "-created_at", "-id"], name="radiograph_everywhere"),
            models.Index(
                fields=["site", "created_at", "id"],
                name="radiograph_synthetic",
                condition=models.Q(is_synthetic=True),
            ),
            models.Index(
                fields=["site", "status", "copy_group"],
                name="radiograph_copies",
                condition=models.Q(copy_group__isnull=False),
            ),
            models.Index(fields=["site", "source_sha256"], name="radiograph_source"),
            # The sweeper asks whose a file is.
            models.Index(fields=["file"], name="radiograph_of_file"),
            models.Index(fields=["thumbnail"], name="radiograph_of_thumbnail"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("images:detail", args=[self.pk])

    @property
    def dated_on(self) -> date:
        """The day of the radiograph, or of its upload where that is unknown."""
        return self.acquired_on or timezone.localdate(self.created_at)

    @property
    def is_trashed(self) -> bool:
        return self.status == RadiographStatus.TRASHED
