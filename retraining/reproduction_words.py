"""What a reproduction found, or why it ended without a result, in words for people."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.jobs import JobStatus
from retraining import failures
from retraining.models import Reproduction

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FROM_ELSEWHERE: Final = "from-elsewhere"
CASES_GONE: Final = "cases-gone"
OTHER_RECIPE: Final = "other-recipe"
ARTIFACT_REFUSED: Final = "artifact-refused"

SENTENCES: "Final[dict[str, StrOrPromise]]" = {
    FROM_ELSEWHERE: gettext_lazy(
        "It was not trained in this installation, so there are no cases to train it from again."
    ),
    CASES_GONE: gettext_lazy(
        "Cases that it learned from were deleted, withdrawn or covered since. What they taught "
        "cannot and must not be repeated."
    ),
    OTHER_RECIPE: gettext_lazy(
        "It was trained by another release of the platform, whose recipe is not known here. "
        "Install the release that its model card names and try again there."
    ),
    ARTIFACT_REFUSED: gettext_lazy(
        "The files of this version are missing or damaged, so there is nothing to compare with."
    ),
}


@dataclass(frozen=True)
class Change:
    """Something of the environment that is another now."""

    name: str
    then: str
    now: str


@dataclass(frozen=True)
class ReproductionWords:
    """`verdict` is "", "same", "close" or "different"; `failure` says why there is none."""

    reproduction: Reproduction | None
    verdict: str = ""
    sentence: str = ""
    failure: str = ""
    changes: tuple[Change, ...] = ()


def words_of(reproduction: Reproduction | None) -> ReproductionWords:
    if reproduction is None or reproduction.is_open:
        return ReproductionWords(reproduction)
    if reproduction.status != JobStatus.DONE:
        return ReproductionWords(reproduction, failure=failure_of(reproduction.error_code))
    result = reproduction.result
    changes = tuple(
        Change(name, _said(then), _said(now)) for name, (then, now) in result["environment"].items()
    )
    verdict = verdict_of(reproduction)
    return ReproductionWords(reproduction, verdict, _sentence(verdict, result), changes=changes)


def verdict_of(reproduction: Reproduction) -> str:
    if reproduction.result.get("is_same"):
        return "same"
    return "close" if reproduction.has_succeeded else "different"


def failure_of(code: str) -> str:
    return str(SENTENCES.get(code) or failures.sentence_of(code))


def _sentence(verdict: str, result: dict[str, Any]) -> str:
    if verdict == "same":
        return _("The same weights to the last bit.")
    largest = result["largest_difference"]
    if largest is None:
        return _("Other weights, and no figure that could be compared.")
    facts = {
        "difference": number_format(largest, 4),
        "tolerance": number_format(result["tolerance"], 2),
    }
    if verdict == "close":
        return (
            _(
                "Other weights, but AUC, accuracy and Brier score differ by at most "
                "%(difference)s; %(tolerance)s is allowed."
            )
            % facts
        )
    return (
        _(
            "Other weights, and AUC, accuracy or Brier score differ by %(difference)s; only "
            "%(tolerance)s is allowed."
        )
        % facts
    )


def _said(value: Any) -> str:
    return "–" if value is None else str(value)
