"""Letting candidates score what was just answered, unseen by users.

From the same features where they read the same. Others are made for the candidate: it costs the
worker a moment after each answer, for as long as the candidate scores.
"""

from collections.abc import Sequence

from inference import batch, extraction
from inference.cases import Case
from inference.features import FeatureKey
from inference.models import DeployedModel
from inference.services import shadow


def score_in_the_shadow(cases: Sequence[Case]) -> None:
    """One score by each candidate for each answered case of its target.

    Raises PermanentError for a candidate whose artifact or extractor is refused.
    """
    if not cases:
        return
    # Mostly there is none: asked of every micro-batch, so without what only pages show.
    candidates = DeployedModel.objects.shadows().select_related(None).defer("metrics", "limits")
    for candidate in candidates:
        own = [case for case in cases if case.prediction.target_id == candidate.target_id]
        if own:
            _score(candidate, own)


def _score(candidate: DeployedModel, cases: Sequence[Case]) -> None:
    extraction.add_vectors(candidate, cases)
    kind = candidate.extractor, candidate.preprocessing
    keys = [FeatureKey(case.radiograph.pixel_sha256, *kind) for case in cases]
    vectors = [case.vectors[key] for case, key in zip(cases, keys, strict=True)]
    outcomes = batch.outcomes(candidate, vectors)
    scored = [(case.prediction, said) for case, said in zip(cases, outcomes, strict=True)]
    shadow.record_scores(model=candidate, scored=scored)
