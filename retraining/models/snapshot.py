"""What a model was trained and tested with: a frozen list of cases, and the division by patient."""

import secrets
from typing import Any, Final, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site, User
from accounts.roles import Capability
from core.models import Record
from images.models import GroundTruth, Radiograph, Target, TargetClass


class Split(models.TextChoices):
    """The values are those of `retraining.ml.split`."""

    TRAIN = "train", _("Training")
    VALIDATION = "validation", _("Validation")
    TEST = "test", _("Test")


class ManagedQuerySet(models.QuerySet[Any]):
    """Rows about models: they belong to no institution, so that only who manages them sees them."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Capability.MANAGE_MODELS) else self.none()


def new_salt() -> str:
    return secrets.token_hex(32)


class DivisionManager(models.Manager["Division"]):
    def current(self) -> "Division":
        """The one division of this installation, made at first use."""
        return self.get_or_create(number=FIRST)[0]


FIRST: Final = 1


class Division(Record):
    """How patients are divided here: the secret key of the hash. It never changes.

    One division serves all targets, so that no network ever trains for one question on what tests
    it for another. The key stays in the database: who knew it could choose test patients.
    """

    number = models.PositiveSmallIntegerField(unique=True, default=FIRST)
    salt = models.CharField(max_length=64, default=new_salt, editable=False)

    objects = DivisionManager()

    def __str__(self) -> str:
        return str(self.number)


class PatientSplit(Record):
    """The split of one split key (images.services.splits), fixed when it first enters a snapshot.

    So is that of each picture (`retraining.snapshots.division.picture_key`), which so stands where
    its patient stood also after both were deleted for good.

    Patients who are joined later may so turn out to stand on both sides: then their cases are set
    aside, and neither changes its split.
    """

    division = models.ForeignKey(Division, models.PROTECT, related_name="patients")
    key = models.CharField(max_length=32)
    split = models.CharField(max_length=10, choices=Split.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["division", "key"], name="one_split_per_patient")
        ]

    def __str__(self) -> str:
        return self.split


class DatasetSnapshot(Record):
    """A frozen list of cases of one target; its `sha256` is over them (snapshots.hashing).

    `counts`: {"splits", "classes", "patients", "sites", "views", "ages", "sexes"}, each by split.
    `imbalance`: {"mu", "rho"} (AlexNet paper, equations 1 and 2). `association`: Cramér's V between
    label and {"site", "source", "view"}. `problems` and `flags`: [{"code", "facts"}]; with problems
    nothing trains. `set_aside`: how many cases were left out, by reason. An equal list of the same
    target is never stored twice.
    """

    target = models.ForeignKey(Target, models.PROTECT, related_name="+")
    division = models.ForeignKey(Division, models.PROTECT, related_name="+")
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    imbalance = models.JSONField(default=dict)
    association = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    flags = models.JSONField(default=list)
    set_aside = models.JSONField(default=dict)

    objects = ManagedQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["target", "sha256"], name="one_snapshot_per_list")
        ]

    def __str__(self) -> str:
        return self.sha256[:12]

    @property
    def is_usable(self) -> bool:
        return not self.problems


class SnapshotCase(Record):
    """One row of a snapshot. A radiograph that is deleted for good takes its rows with it.

    Labels of the test split are read through `retraining.vault` alone.
    """

    snapshot = models.ForeignKey(DatasetSnapshot, models.CASCADE, related_name="cases")
    radiograph = models.ForeignKey(Radiograph, models.CASCADE, related_name="+")
    truth = models.ForeignKey(GroundTruth, models.CASCADE, related_name="+")
    target_class = models.ForeignKey(TargetClass, models.PROTECT, related_name="+")
    pixel_sha256 = models.CharField(max_length=64)
    # Key of the patient group (hex): patients joined by a merge or by near-duplicates.
    group = models.CharField(max_length=32)
    split = models.CharField(max_length=10, choices=Split.choices)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    view = models.CharField(max_length=12, blank=True, default="")
    sex = models.CharField(max_length=1, blank=True, default="")
    age_years = models.PositiveSmallIntegerField(null=True)
    source = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "radiograph"], name="once_per_snapshot")
        ]
        indexes = [models.Index(fields=["snapshot", "split"], name="snapshot_split")]

    def __str__(self) -> str:
        return self.split


class Purpose(models.TextChoices):
    """Why test labels were looked at."""

    EVALUATION = "evaluation", _("Evaluation of a new model")
    AUDIT = "audit", _("Shortcut audit")
    REPRODUCTION = "reproduction", _("Reproduction of a model")
    IMPORT = "import", _("Evaluation of an imported model")


class VaultLook(Record):
    """Append-only: one look at the test labels of a target."""

    snapshot = models.ForeignKey(DatasetSnapshot, models.PROTECT, related_name="looks")
    target = models.ForeignKey(Target, models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    # What was looked for: the version's name, or the run's key.
    about = models.CharField(max_length=80, blank=True, default="")
    looked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    cases = models.PositiveIntegerField()

    objects = ManagedQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = [models.Index(fields=["target", "-created_at"], name="looks_of_target")]

    def __str__(self) -> str:
        return self.purpose
