"""The gate's arithmetic, its rule, and the artifact that ships."""

import numpy as np
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from inference.ml.gate import DESCRIBED, SMALL, Gate, described, shrunk
from inference.ml.preprocess import SIDE
from tests.gates import features_of, gate_weights, make_gate

RAMP = np.tile(np.linspace(0, 1, SIDE, dtype=np.float32), (SIDE, 1))


@pytest.fixture
def gate(tmp_path) -> Gate:
    return make_gate(tmp_path / "gate")


def by_hand(features) -> float:
    """The distance from the weights before they were written."""
    weights = gate_weights()
    away = described(features[None])[0] - weights["centre"]
    along = weights["basis"] @ away
    outside = away @ away - along @ along
    return float((along**2 / weights["variances"][:-1]).sum() + outside / weights["variances"][-1])


def test_the_distance_survives_the_file(gate):
    assert gate.distance(features_of(1)) == pytest.approx(by_hand(features_of(1)), rel=1e-3)


def test_the_centre_scores_one(gate):
    assert gate.score(features_of(0)) == pytest.approx(1.0)


def test_at_the_limit_the_score_is_a_half(tmp_path, gate):
    limit = gate.distance(features_of(1))
    at_limit = make_gate(tmp_path / "other", distance_limit=limit)
    assert at_limit.score(features_of(1)) == pytest.approx(0.5)


def test_the_contrast_of_features_does_not_matter(gate):
    doubled = features_of(1) * np.float16(2)
    assert gate.distance(doubled) == pytest.approx(gate.distance(features_of(1)))


def test_an_image_like_the_mean_passes(gate):
    verdict = gate.judge(RAMP, features_of(0))
    assert verdict.passes
    assert verdict.similarity > 0.99


@pytest.mark.parametrize(
    ("similarity", "score", "passes"),
    [(0.2, 0.5, True), (0.19, 0.9, False), (0.9, 0.49, False), (-1, 0, False), (1, 1, True)],
)
def test_both_looks_must_be_content(gate, similarity, score, passes):
    assert gate.verdict(similarity, score).passes is passes


def test_an_image_without_features_is_stopped(gate):
    """A flat picture can leave every channel silent."""
    assert not gate.judge(RAMP, np.zeros_like(features_of(0))).passes


@given(st.integers(0, 2**32 - 1))
def test_descriptions_are_unit_vectors(seed):
    vectors = described(features_of(seed)[None])
    assert vectors.shape == (1, DESCRIBED)
    assert np.linalg.norm(vectors) == pytest.approx(1.0)


def test_a_radiograph_is_described_alike_whatever_its_neighbours():
    alone = described(features_of(1)[None])[0]
    among = described(np.stack([features_of(0), features_of(1)]))[1]
    np.testing.assert_allclose(alone, among, rtol=1e-12)


def test_shrinking_takes_means():
    small = shrunk(RAMP)
    assert small.shape == (SMALL, SMALL)
    assert small[0, 0] == pytest.approx(RAMP[:4, :4].mean())


@pytest.mark.parametrize("features", [np.zeros(7), np.full(25088, np.nan), np.zeros((1, 25088))])
def test_other_features_are_refused(gate, features):
    with pytest.raises(ValueError):
        gate.judge(RAMP, features)


@pytest.mark.parametrize("grey", [RAMP[:-1], np.full_like(RAMP, np.nan)])
def test_other_images_are_refused(gate, grey):
    with pytest.raises(ValueError):
        gate.judge(grey, features_of(0))


class TestShipped:
    @pytest.fixture
    def shipped(self) -> Gate:
        return Gate.load(settings.GATE_DIR)

    def test_it_is_small(self):
        sizes = [path.stat().st_size for path in settings.GATE_DIR.iterdir()]
        assert sum(sizes) < 1_000_000

    def test_it_shows_nobody(self, shipped):
        """A mean of hundreds."""
        assert shipped.manifest.training["patients"] >= 400

    def test_its_figures_are_those_that_were_asked_for(self, shipped):
        assert shipped.manifest.metrics["radiographs"]["share"] >= 0.99

    def test_noise_is_stopped(self, shipped):
        grey = np.random.default_rng(0).random((SIDE, SIDE), dtype=np.float32)
        assert not shipped.judge(grey, features_of(0)).passes
