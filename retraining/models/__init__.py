"""What trains, what was trained, what serves because of it, and what looks wrong in the labels."""

from retraining.models.drift import DriftCheck, DriftReport
from retraining.models.labels import (
    LabelCheck,
    LabelImpact,
    LabelImpactQuerySet,
    SuspectedLabel,
    SuspectedLabelQuerySet,
    SuspectState,
    Suspicion,
)
from retraining.models.promotion import Promotion, PromotionKind, PromotionRules
from retraining.models.run import Lane, RunLine, Stage, TrainingEpoch, TrainingRun, Trigger
from retraining.models.schedule import RetrainingPlan
from retraining.models.snapshot import (
    DatasetSnapshot,
    Division,
    PatientSplit,
    Purpose,
    SnapshotCase,
    Split,
    VaultLook,
)
from retraining.models.transfer import ModelImport, TrustedKey
from retraining.models.version import ModelVersion, Origin, Reproduction, ShortcutAudit

__all__ = [
    "DatasetSnapshot",
    "Division",
    "DriftCheck",
    "DriftReport",
    "LabelCheck",
    "LabelImpact",
    "LabelImpactQuerySet",
    "Lane",
    "ModelImport",
    "ModelVersion",
    "Origin",
    "PatientSplit",
    "Promotion",
    "PromotionKind",
    "PromotionRules",
    "Purpose",
    "Reproduction",
    "RetrainingPlan",
    "RunLine",
    "ShortcutAudit",
    "SnapshotCase",
    "Split",
    "Stage",
    "SuspectState",
    "SuspectedLabel",
    "SuspectedLabelQuerySet",
    "Suspicion",
    "TrainingEpoch",
    "TrainingRun",
    "Trigger",
    "TrustedKey",
    "VaultLook",
]
