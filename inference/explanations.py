"""What a page says about the heat maps of one prediction: the newest of each method."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.jobs import WORKER_DIED, JobStatus
from inference import reasons
from inference.ml.extractor import spec_of
from inference.models import Explanation, Method, Prediction
from inference.panels import poll_seconds

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Where a map fails in other words than a prediction.
SENTENCES: "dict[str, StrOrPromise]" = reasons.SENTENCES | {
    reasons.MODEL_REFUSED: _(
        "The model that made this prediction is missing or damaged, so its map cannot be drawn. "
        "Tell an administrator."
    ),
    reasons.UNEXPECTED: _(
        "The map could not be drawn for a reason we did not foresee. Tell an administrator."
    ),
    WORKER_DIED: _(
        "Drawing the map was interrupted three times. Try again or tell an administrator."
    ),
}


def sentence_of(code: str) -> "StrOrPromise":
    return SENTENCES.get(code, SENTENCES[reasons.UNEXPECTED])


def methods_of(prediction: Prediction) -> list[Method]:
    """How a map of `prediction` can be drawn.

    The fast one needs features that still tell one region of the film from another: a network that
    takes the mean of each of its maps keeps none.
    """
    spec = spec_of(prediction.model.extractor) if prediction.model else None
    has_places = spec is None or spec.has_places
    return [method for method in Method if has_places or method != Method.FAST_CAM]


@dataclass(frozen=True)
class ExplanationPanel:
    """The newest map of each method that was asked for, newest first.

    `shows_newest`: the reader has waited for it, so that it is laid over the film at once.
    """

    prediction: Prediction
    explanations: list[Explanation]
    shows_newest: bool = False

    @property
    def is_waiting(self) -> bool:
        return any(row.is_open for row in self.explanations)

    @property
    def drawn(self) -> list[Explanation]:
        return [row for row in self.explanations if row.is_drawn]

    @property
    def shown(self) -> Explanation | None:
        return self.drawn[0] if self.drawn and self.shows_newest else None

    @property
    def has_empty(self) -> bool:
        return any(row.is_empty for row in self.explanations)

    @property
    def failures(self) -> "list[StrOrPromise]":
        failed = [row for row in self.explanations if row.status == JobStatus.FAILED]
        return [sentence_of(row.error_code) for row in failed]

    @property
    def askable(self) -> list[Method]:
        """The methods that were not asked for yet, or that failed."""
        if self.prediction.radiograph.is_trashed:
            return []
        standing = {row.method for row in self.explanations if row.is_standing}
        return [method for method in methods_of(self.prediction) if method not in standing]

    @property
    def positive_name(self) -> str:
        return self.prediction.target.positive_class.name

    @property
    def is_negative(self) -> bool:
        predicted = self.prediction.predicted_class
        return predicted is not None and not predicted.is_positive

    @property
    def poll_seconds(self) -> int:
        """As patient as the panel of predictions, by the youngest map that is open."""
        waited = [timezone.now() - row.created_at for row in self.explanations if row.is_open]
        return poll_seconds(min(waited, default=timedelta()))

    @property
    def fingerprint(self) -> str:
        """Changes whenever the piece would look different, so that equal polls answer nothing."""
        facts = [(row.pk, row.status) for row in self.explanations]
        return hashlib.sha256(repr((facts, self.poll_seconds)).encode()).hexdigest()[:16]


def explanation_panel(prediction: Prediction, *, shows_newest: bool = False) -> ExplanationPanel:
    newest: dict[str, Explanation] = {}
    asked = Explanation.objects.filter(prediction=prediction).exclude(status=JobStatus.CANCELLED)
    for explanation in asked.order_by("-created_at", "-pk"):
        newest.setdefault(explanation.method, explanation)
    return ExplanationPanel(prediction, list(newest.values()), shows_newest)
