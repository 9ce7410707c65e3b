"""Every change of the clinical record."""

from images.services.consent import give_consent_again, withdraw_consent
from images.services.importing import Outcome, import_row
from images.services.merging import merge_patients
from images.services.patients import patient_of
from images.services.redaction import cover, names_nobody, suspect_writing
from images.services.store import StoredRadiograph, store_radiograph
from images.services.truth import (
    NOT_SAID,
    ChangedMeanwhile,
    TruthGiven,
    TruthSource,
    record_truth,
    record_truths,
    truth_given,
)
from images.services.upkeep import Changes, delete_for_good, edit, restore, trash

__all__ = [
    "NOT_SAID",
    "ChangedMeanwhile",
    "Changes",
    "Outcome",
    "StoredRadiograph",
    "TruthGiven",
    "TruthSource",
    "cover",
    "delete_for_good",
    "edit",
    "give_consent_again",
    "import_row",
    "merge_patients",
    "names_nobody",
    "patient_of",
    "record_truth",
    "record_truths",
    "restore",
    "store_radiograph",
    "suspect_writing",
    "trash",
    "truth_given",
    "withdraw_consent",
]
