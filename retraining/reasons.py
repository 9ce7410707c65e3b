"""Why a label check or a preview ended without a full answer, in words for the person who waits."""

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from core.jobs import WORKER_DIED

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TOO_FEW: Final = "too-few"
BAD_FEATURES: Final = "bad-features"
OUT_OF_MEMORY: Final = "out-of-memory"
STORAGE: Final = "storage"
UNEXPECTED: Final = "unexpected"
# Of promotions.
OVERTAKEN: Final = "overtaken"
GATE_CLOSED: Final = "gate-closed"
ARTIFACT_REFUSED: Final = "artifact-refused"
NO_WEIGHTS: Final = "no-weights"
NO_CASES: Final = "no-cases"
# Of plans: why the last time that was due came to nothing.
UNCHANGED: Final = "unchanged"
RUN_OPEN: Final = "run-open"
NOT_READY: Final = "not-ready"
BAD_RECIPE: Final = "bad-recipe"
# Of drift: what of an institution's radiographs is no longer as it was.
SCORES_MOVED: Final = "scores-moved"
FEATURES_MOVED: Final = "features-moved"
PREVALENCE_MOVED: Final = "prevalence-moved"
NO_MODEL: Final = "no-model"

SENTENCES: "Final[dict[str, StrOrPromise]]" = {
    TOO_FEW: _(
        "There are too few confirmed cases of some class to judge labels by: at least 20 cases of "
        "10 patients in each are needed. Near-duplicates and changed results were looked for all "
        "the same."
    ),
    BAD_FEATURES: _("The cached features cannot be learnt from. Tell an administrator."),
    OUT_OF_MEMORY: _("The server ran out of memory. Try again in a few minutes."),
    STORAGE: _("The server could not read its disk. Try again in a few minutes."),
    UNEXPECTED: _("It failed for a reason we did not foresee. Tell an administrator."),
    WORKER_DIED: _("It was interrupted three times. Try again or tell an administrator."),
    OVERTAKEN: _(
        "Somebody else had exchanged the model in service meanwhile. Nothing was changed: look at "
        "the one that serves now, and decide again."
    ),
    GATE_CLOSED: _(
        "It does not meet the rules that hold for this target. The model in service was not "
        "touched."
    ),
    ARTIFACT_REFUSED: _(
        "The files of this model are missing, damaged or do not fit. The model in service was not "
        "touched. Train or take in the model again."
    ),
    NO_WEIGHTS: _(
        "The extractor's weights are not on this server. Run the command fetch_weights for it."
    ),
    NO_CASES: _("There are no test patients with features to evaluate it on."),
    UNCHANGED: _("No confirmed case was added or changed since the last training."),
    RUN_OPEN: _("Another training of this target was still under way."),
    NOT_READY: _("The confirmed cases cannot be trained with yet."),
    BAD_RECIPE: _("Its architecture and extractor cannot be trained here: choose others."),
    SCORES_MOVED: _("The scores are spread another way than those of the test patients."),
    FEATURES_MOVED: _("The radiographs look different from those that the model learned from."),
    PREVALENCE_MOVED: _("The share of positives seems to be another than in training."),
    NO_MODEL: _("No model is in service for this target."),
}


def sentence_of(code: str) -> "StrOrPromise":
    """One translated sentence for each code; codes of older versions get the general one."""
    return SENTENCES.get(code, SENTENCES[UNEXPECTED])


def code_of(problem: Exception) -> str:
    """The code under which a job ends, or rests until another try, because of `problem`."""
    match problem:
        case MemoryError():
            return OUT_OF_MEMORY
        case OSError():
            return STORAGE
        case _:
            return UNEXPECTED
