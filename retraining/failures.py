"""Why a training run ended without a version: a code, its numbers, and the sentence for people."""

import errno
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy as _

from core.errors import JobError, PermanentError
from core.jobs import WORKER_DIED
from retraining.models.run import CASES_WITHDRAWN

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NO_ROOM: Final = "no-room"
REFUSED: Final = "snapshot-refused"
NOT_FINITE: Final = "not-finite"
MISSING_CLASS: Final = "missing-class"
BAD_FEATURES: Final = "bad-features"
NO_WEIGHTS: Final = "no-weights"
WITHDRAWN: Final = CASES_WITHDRAWN
OUT_OF_MEMORY: Final = "out-of-memory"
STORAGE: Final = "storage"
UNEXPECTED: Final = "unexpected"

SENTENCES: "Final[dict[str, StrOrPromise]]" = {
    NO_ROOM: _(
        "There was no room left on the server's disk. Nothing was stored in half and the model in "
        "service is untouched. Free some room and start again."
    ),
    REFUSED: _("These cases cannot be trained with."),
    NOT_FINITE: _(
        "The loss went off to numbers that are not finite, so there is nothing worth keeping. Try "
        "a smaller learning rate."
    ),
    MISSING_CLASS: _(
        "A class has no case with features in the training or in the validation part."
    ),
    BAD_FEATURES: _("The cached features cannot be learnt from. Tell an administrator."),
    NO_WEIGHTS: _(
        "The extractor's weights are not on this server. Run the command fetch_weights for it."
    ),
    WITHDRAWN: _(
        "%(cases)s radiographs of the list were deleted, put in the trash or withdrawn from "
        "training while the model learned from them. It was thrown away: start again."
    ),
    OUT_OF_MEMORY: _("The server ran out of memory. Close what else runs there and start again."),
    STORAGE: _("The server could not read or write its disk. Try again in a few minutes."),
    UNEXPECTED: _("It failed for a reason we did not foresee. Tell an administrator."),
    WORKER_DIED: _(
        "The worker died three times in the same place. The model in service is untouched. Start "
        "again, or tell an administrator."
    ),
}


@dataclass(frozen=True)
class Failure:
    """`is_final`: another try cannot help."""

    code: str
    is_final: bool
    facts: dict[str, Any] = field(default_factory=dict)


def of(problem: Exception) -> Failure:
    """What `problem` means for a run."""
    from inference.ml.errors import WeightsRefused, WeightsUnavailable
    from retraining.ml.training_spec import TrainingFailed
    from retraining.services.snapshots import SnapshotRefused

    match problem:
        case SnapshotRefused():
            return Failure(REFUSED, True, {"problems": list(problem.plan.problems)})
        case TrainingFailed():
            code = getattr(problem, "code", BAD_FEATURES)
            return Failure(code if code in SENTENCES else BAD_FEATURES, True)
        case WeightsUnavailable() | WeightsRefused():
            return Failure(NO_WEIGHTS, True)
        case PermanentError():
            return Failure(problem.code, True, getattr(problem, "facts", {}))
        case OSError() if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            return Failure(NO_ROOM, True)
        case _:
            return Failure(_code_of(problem), False)


def _code_of(problem: Exception) -> str:
    match problem:
        case JobError():
            return problem.code
        case MemoryError():
            return OUT_OF_MEMORY
        case OSError():
            return STORAGE
        case _:
            return UNEXPECTED


def sentence_of(code: str, facts: Mapping[str, Any] | None = None) -> str:
    """One translated sentence for each code; codes of older versions get the general one."""
    sentence = str(SENTENCES.get(code, SENTENCES[UNEXPECTED]))
    try:
        return sentence % dict(facts or {}) if "%(" in sentence else sentence
    except KeyError:
        return str(SENTENCES[UNEXPECTED])


def sentences_of(code: str, facts: Mapping[str, Any] | None = None) -> list[str]:
    """The sentence, and those of the problems that refused a snapshot."""
    from retraining.snapshots import words as snapshot_words

    problems = (facts or {}).get("problems", [])
    return [
        sentence_of(code, facts),
        *(str(snapshot_words.sentence_of(each["code"], each["facts"])) for each in problems),
    ]
