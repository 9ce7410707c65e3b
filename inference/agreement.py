"""How often a candidate that scores in the shadow disagrees with what was served, and who is right.

For those who decide on a model, never for the pages of a radiograph.
"""

from dataclasses import dataclass

from django.db.models import Avg, Count, F, Q
from django.db.models.functions import Abs

from inference.ml.proportion import Estimate, wilson
from inference.models import DeployedModel, ShadowScore
from inference.readings import percent

DIFFERENCE = Abs(F("probability") - F("prediction__probability"))
LIVE_POSITIVE = Q(prediction__predicted_class__is_positive=True)
CANDIDATE_POSITIVE = Q(predicted_class__is_positive=True)
TRUTHS = "prediction__radiograph__truths"
DISAGREES = Q(agrees=False)
COUNTS = {"scored": Count("pk"), "disagreements": Count("pk", filter=DISAGREES)}


@dataclass(frozen=True)
class Agreement:
    """Answers of one candidate; `share` of disagreements with Wilson's 95 % interval."""

    model: DeployedModel
    scored: int
    disagreements: int

    @property
    def share(self) -> Estimate:
        return wilson(self.disagreements, self.scored)

    @property
    def share_in_words(self) -> str:
        return "" if self.share.value is None else percent(self.share.value)

    @property
    def interval_in_words(self) -> str:
        bounds = [bound for bound in (self.share.low, self.share.high) if bound is not None]
        return " – ".join(percent(bound) for bound in bounds)


@dataclass(frozen=True)
class ShadowReport(Agreement):
    """The whole comparison.

    `live_positive` counts disagreements where only the served answer is the positive class,
    `candidate_positive` the reverse. `mean_difference` is of the probabilities of the positive
    class, absolute, 0..1; None without scores. `truth_known` counts disagreements over radiographs
    with a ground truth; of these the served answer was right in `live_right`, the candidate in
    `candidate_right`, and with more than two classes perhaps neither.
    """

    live_positive: int
    candidate_positive: int
    mean_difference: float | None
    truth_known: int
    live_right: int
    candidate_right: int


def agreement(model: DeployedModel) -> Agreement:
    """Two counts, for a page that shows many models."""
    return Agreement(model, **ShadowScore.objects.filter(model=model).aggregate(**COUNTS))


def shadow_report(model: DeployedModel) -> ShadowReport:
    """Everything that is known of the candidate `model`: two queries."""
    sides = ShadowScore.objects.filter(model=model).aggregate(
        **COUNTS,
        live_positive=Count("pk", filter=DISAGREES & LIVE_POSITIVE & ~CANDIDATE_POSITIVE),
        candidate_positive=Count("pk", filter=DISAGREES & CANDIDATE_POSITIVE & ~LIVE_POSITIVE),
        mean_difference=Avg(DIFFERENCE),
    )
    return ShadowReport(model=model, **sides, **_who_was_right(model))


def _who_was_right(model: DeployedModel) -> dict[str, int]:
    known = {
        f"{TRUTHS}__target": model.target_id,
        f"{TRUTHS}__is_current": True,
        f"{TRUTHS}__target_class__isnull": False,
    }
    truth = F(f"{TRUTHS}__target_class")
    return ShadowScore.objects.filter(model=model, agrees=False, **known).aggregate(
        truth_known=Count("pk"),
        live_right=Count("pk", filter=Q(prediction__predicted_class=truth)),
        candidate_right=Count("pk", filter=Q(predicted_class=truth)),
    )
