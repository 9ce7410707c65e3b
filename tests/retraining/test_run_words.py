"""Lines of a run's log, in the language of whoever reads them."""

import pytest
from django.utils import translation

from retraining.models import RunLine
from retraining.run_words import SENTENCES, sentence_of

FACTS = {
    "attempt": 1, "snapshot": "9cdb87f23133", "train": 5210, "validation": 70, "test": 170,
    "cases": 3, "cached": 10, "made": 2, "architecture": "covid-xr-c", "epochs": 30, "epoch": 4,
    "loss": 0.1054, "temperature": 1.06, "threshold": 0.223, "look": 2, "patients": 126,
    "auc": "1.000", "sensitivity": "0.950", "specificity": "–", "version": "covid-19-1",
}  # fmt: skip


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("code", SENTENCES)
def test_every_line_has_its_sentence(code, language):
    with translation.override(language):
        sentence = sentence_of(RunLine(code=code, facts=FACTS))
    assert sentence
    assert "%(" not in sentence


@pytest.mark.parametrize(
    ("language", "loss", "auc"), [("es", "0,1054", "1,000"), ("en", "0.1054", "1.000")]
)
def test_numbers_are_written_as_in_the_language(language, loss, auc):
    with translation.override(language):
        assert loss in sentence_of(RunLine(code="trained", facts=FACTS))
        assert auc in sentence_of(RunLine(code="compared", facts=FACTS))


def test_a_list_keeps_its_name():
    assert "9cdb87f23133" in sentence_of(RunLine(code="snapshot", facts=FACTS))


def test_a_reason_why_it_stopped():
    with translation.override("en"):
        assert "disk" in sentence_of(RunLine(code="stopped", facts={"reason": "no-room"}))


def test_of_another_version():
    assert sentence_of(RunLine(code="danced", facts={})) == ""
    assert sentence_of(RunLine(code="trained", facts={})) == ""
