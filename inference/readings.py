"""What a page says about a prediction: one place for its wording, its caution and its figures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from core.jobs import JobStatus
from inference.models import DeployedModel, Prediction
from inference.reasons import NOT_FRONTAL, sentence_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# A probability is near the threshold when its odds are within a factor of two of the threshold's.
# Odds, because they treat a threshold of 0.05 like one of 0.5: near 0.5 means 0.33 to 0.67, near
# 0.05 means 0.026 to 0.095. It is a rule for caution, not a confidence interval.
NEAR_ODDS_RATIO: Final = 2.0
PENDING, FAILED, UNCERTAIN, POSITIVE, NEGATIVE = (
    "pending", "failed", "uncertain", "positive", "negative",
)  # fmt: skip

PROPORTIONS: "dict[str, StrOrPromise]" = {
    "sensitivity": _("Sensitivity"),
    "specificity": _("Specificity"),
}


def is_near(probability: float, threshold: float) -> bool:
    """Whether `probability` lies so close to `threshold` (both 0..1) that its side says little."""
    return abs(logit(probability) - logit(threshold)) <= math.log(NEAR_ODDS_RATIO) + 1e-12


def percent(share: float) -> str:
    """`87.3 %` in the language of the page; never `100 %` or `0 %` for what is not certain.

    Spaces do not break, so that no figure is torn from its sign at the end of a line.
    """
    # number_format cuts digits off where a reader expects them rounded.
    rounded = round(share * 100, 1)
    sign, shown = "", rounded
    if rounded == 0 and share > 0:
        sign, shown = "<\N{NO-BREAK SPACE}", 0.1
    elif rounded == 100 and share < 1:
        sign, shown = ">\N{NO-BREAK SPACE}", 99.9
    return f"{sign}{number_format(shown, 1)}\N{NO-BREAK SPACE}%"


def logit(share: float) -> float:
    """Logarithm of the odds of a share (0..1), finite at both ends."""
    inside = min(max(share, 1e-9), 1 - 1e-9)
    return math.log(inside / (1 - inside))


@dataclass(frozen=True)
class Proportion:
    """A measured proportion (0..1) with its 95 % confidence interval, where one is known."""

    name: "StrOrPromise"
    value: str
    interval: str


@dataclass(frozen=True)
class Reading:
    """One prediction, ready to be shown."""

    prediction: Prediction

    @cached_property
    def state(self) -> str:
        """`pending`, `failed`, `uncertain`, `positive` or `negative`: the states of the badge."""
        if self.prediction.is_open:
            return PENDING
        if self.prediction.status != JobStatus.DONE or self.prediction.predicted_class is None:
            return FAILED
        if self.is_unsure or self.is_near_threshold:
            return UNCERTAIN
        return POSITIVE if self.prediction.predicted_class.is_positive else NEGATIVE

    @property
    def is_done(self) -> bool:
        return self.prediction.status == JobStatus.DONE

    @property
    def is_stopped(self) -> bool:
        """The gate took the image for something else than a frontal chest radiograph."""
        failed = self.prediction.status == JobStatus.FAILED
        return failed and self.prediction.error_code == NOT_FRONTAL

    @property
    def likeness_in_words(self) -> str:
        """The gate's learned score; "" where it did not look."""
        score = self.prediction.gate_score
        return "" if score is None else percent(score)

    @property
    def is_unsure(self) -> bool:
        """The model cannot decide: at its error rate more than one class is left, or none."""
        return self.is_done and self.prediction.is_unsure

    @property
    def left_over(self) -> str:
        """Names of the classes that an unsure model cannot rule out; "" where it rules out all."""
        said = set(self.prediction.answers)
        classes = self.prediction.target.classes.order_by("position", "code")
        return ", ".join(row.name for row in classes if row.code in said)

    @property
    def is_near_threshold(self) -> bool:
        probability, threshold = self.prediction.probability, self.threshold
        return probability is not None and threshold is not None and is_near(probability, threshold)

    @property
    def threshold(self) -> float | None:
        return self.prediction.model.threshold if self.prediction.model else None

    @property
    def label(self) -> str:
        """Name of the predicted class, "" when there is none."""
        return self.prediction.predicted_class.name if self.prediction.predicted_class else ""

    @property
    def badge_label(self) -> str:
        """The class, marked where it is uncertain; "" lets the badge use its own word."""
        if self.state != UNCERTAIN:
            return self.label
        if self.is_unsure:
            return gettext("Ask a doctor")
        return gettext("%(result)s, uncertain") % {"result": self.label}

    @property
    def positive_name(self) -> str:
        return self.prediction.target.positive_class.name

    @property
    def probability_in_words(self) -> str:
        return "" if self.prediction.probability is None else percent(self.prediction.probability)

    @property
    def threshold_in_words(self) -> str:
        return "" if self.threshold is None else percent(self.threshold)

    @property
    def failure(self) -> "StrOrPromise":
        return sentence_of(self.prediction.error_code)

    @property
    def operating_point(self) -> list[Proportion]:
        return operating_point(self.prediction.model) if self.prediction.model else []

    @property
    def measured_on(self) -> dict[str, int]:
        """`n` radiographs, of which `positives`, behind the operating point; {} when unknown."""
        facts = self.prediction.model.metrics if self.prediction.model else {}
        return {name: facts[name] for name in ("n", "positives") if name in facts}

    @property
    def limits(self) -> list[str]:
        return limits_of(self.prediction.model) if self.prediction.model else []


def operating_point(model: DeployedModel) -> list[Proportion]:
    """Sensitivity and specificity at the threshold, measured on patients held out of training."""
    measured = {key: _figure(model.metrics, key) for key in PROPORTIONS}
    return [
        Proportion(PROPORTIONS[key], percent(figure[0]), _interval(figure[1:]))
        for key, figure in measured.items()
        if figure[0] is not None
    ]


def _figure(metrics: Mapping[str, Any], key: str) -> tuple[Any, Any, Any]:
    """Value, low and high: as trainings here tell them, or as the model that ships does."""
    if told := metrics.get("figures", {}).get(key):
        return told["value"], told["low"], told["high"]
    low, high = metrics.get("intervals", {}).get(key) or (None, None)
    return metrics.get("metrics", {}).get(key), low, high


def limits_of(model: DeployedModel) -> list[str]:
    """The model's own warnings, in the language of the page."""
    language = "en" if (get_language() or "es").startswith("en") else "es"
    return [sentence[language] for sentence in model.limits if sentence.get(language)]


def _interval(bounds: Sequence[float | None]) -> str:
    known = [percent(bound) for bound in bounds if bound is not None]
    return " – ".join(known) if len(known) == 2 else ""
