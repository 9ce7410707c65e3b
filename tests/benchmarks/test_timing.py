"""Taking turns, and what is told of the times."""

import pytest

from benchmarks.timing import interleaved, per_image, percentile, spread


@pytest.fixture
def ran():
    return []


@pytest.fixture
def contenders(ran):
    return {name: lambda name=name: ran.append(name) for name in "abc"}


def no_rest(seconds):
    return None


def test_everybody_warms_up_before_anybody_counts(contenders, ran):
    interleaved(contenders, 1, rest=no_rest)
    assert ran[:3] == ["a", "b", "c"]


def test_each_round_begins_with_another(contenders, ran):
    interleaved(contenders, 3, rest=no_rest)
    assert "".join(ran[3:]) == "abcbcacab"


def test_only_the_run_itself_is_on_the_clock(contenders):
    moments = iter(range(100))
    seconds = interleaved(contenders, 2, clock=lambda: next(moments), rest=no_rest)
    assert seconds == {"a": [1, 1], "b": [1, 1], "c": [1, 1]}


def test_best_and_median_per_image():
    assert per_image([0.4, 0.2, 0.8], images=2) == {"best_ms": 100.0, "median_ms": 200.0}


@pytest.mark.parametrize(("percent", "expected"), [(50, 2), (95, 4), (100, 4), (0, 1)])
def test_percentile_is_one_of_the_values(percent, expected):
    assert percentile([4, 1, 3, 2], percent) == expected


def test_spread_is_that_of_the_noisiest():
    times = {"a": {"best_ms": 1.0, "median_ms": 1.1}, "b": {"best_ms": 2.0, "median_ms": 3.0}}
    assert spread(times) == 1.5
