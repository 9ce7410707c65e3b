"""Every change of the clinical record."""

from images.services.importing import Outcome, import_row
from images.services.patients import patient_of
from images.services.store import StoredRadiograph, store_radiograph
from images.services.truth import TruthGiven, record_truth, record_truths, truth_given
from images.services.upkeep import Changes, delete_for_good, edit, restore, trash

__all__ = [
    "Changes",
    "Outcome",
    "StoredRadiograph",
    "TruthGiven",
    "delete_for_good",
    "edit",
    "import_row",
    "patient_of",
    "record_truth",
    "record_truths",
    "restore",
    "store_radiograph",
    "trash",
    "truth_given",
]
