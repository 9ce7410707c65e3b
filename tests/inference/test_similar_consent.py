"""Similar cases and withdrawn consent."""

import pytest

from images.services import give_consent_again, withdraw_consent
from inference.similar import refresh, similar_cases
from inference.similar.case_index import read
from inference.similar.kinds import Kind
from tests.inference.similar_cases import EXTRACTOR, PREPROCESSING, make_case, serve


@pytest.fixture
def pair(target, site):
    serve(target)
    return make_case(0, seed=1, site=site), make_case(25, seed=2, site=site)


def rows() -> int:
    return len(read(Kind(EXTRACTOR, PREPROCESSING).path).vectors)


def test_the_index_drops_them(pair, doctor):
    refresh()
    withdraw_consent(patient=pair[1].patient, by=doctor)
    assert refresh() == 1
    assert rows() == 1


def test_before_that_they_are_not_shown_any_more(pair, doctor):
    refresh()
    withdraw_consent(patient=pair[1].patient, by=doctor)
    assert similar_cases(radiograph=pair[0], viewer=doctor).cases == []


def test_given_again_they_come_back(pair, doctor):
    withdraw_consent(patient=pair[1].patient, by=doctor)
    refresh()
    give_consent_again(patient=pair[1].patient)
    refresh()
    (case,) = similar_cases(radiograph=pair[0], viewer=doctor).cases
    assert case.radiograph == pair[1]
