"""Letting candidates score what was just answered, from the same features, unseen by users."""

from collections.abc import Sequence

from inference import batch
from inference.batch import Case
from inference.models import DeployedModel
from inference.services import shadow


def score_in_the_shadow(cases: Sequence[Case]) -> None:
    """One score by each candidate for each answered case of its target.

    Raises PermanentError for a candidate whose artifact is refused.
    """
    if not cases:
        return
    for candidate in DeployedModel.objects.shadows():
        own = [case for case in cases if _may_score(candidate, case)]
        if own:
            outcomes = batch.outcomes(candidate, own)
            scored = [(c.prediction, o) for c, o in zip(own, outcomes, strict=True)]
            shadow.record_scores(model=candidate, scored=scored)


def _may_score(candidate: DeployedModel, case: Case) -> bool:
    """Features of another extractor would be nonsense to the candidate's head."""
    key = case.key
    return (
        case.prediction.target_id == candidate.target_id
        and key is not None
        and (key.extractor, key.preprocessing) == (candidate.extractor, candidate.preprocessing)
    )
