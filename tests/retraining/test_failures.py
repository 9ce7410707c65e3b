"""Each reason why a run ends without a version has a code and a sentence."""

import errno

import pytest
from django.utils import translation

from core.errors import PermanentError, RetriableError
from core.jobs import WORKER_DIED
from inference.ml.errors import WeightsUnavailable
from retraining import failures
from retraining.ml.training_spec import TrainingFailed
from retraining.pipeline.writing import CasesWithdrawn


@pytest.mark.parametrize(
    ("problem", "code", "is_final"),
    [
        (OSError(errno.ENOSPC, "full"), failures.NO_ROOM, True),
        (OSError(errno.EIO, "broken"), failures.STORAGE, False),
        (MemoryError(), failures.OUT_OF_MEMORY, False),
        (TrainingFailed("the loss", code="not-finite"), failures.NOT_FINITE, True),
        (TrainingFailed("no case", code="missing-class"), failures.MISSING_CLASS, True),
        (WeightsUnavailable("none"), failures.NO_WEIGHTS, True),
        (CasesWithdrawn(3), failures.WITHDRAWN, True),
        (PermanentError("gone"), "gone", True),
        (RetriableError("later"), "later", False),
        (ValueError("?"), failures.UNEXPECTED, False),
    ],
)
def test_what_a_problem_means(problem, code, is_final):
    failure = failures.of(problem)
    assert (failure.code, failure.is_final) == (code, is_final)


def test_numbers_are_in_the_sentence():
    failure = failures.of(CasesWithdrawn(3))
    assert failures.sentence_of(failure.code, failure.facts).startswith("3 ")


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("code", [*failures.SENTENCES, WORKER_DIED, "of-another-version"])
def test_every_code_has_a_sentence(code, language):
    with translation.override(language):
        assert failures.sentence_of(code, {"cases": 2})


def test_without_its_numbers_a_sentence_says_no_nonsense():
    assert "%(" not in failures.sentence_of(failures.WITHDRAWN, {})
