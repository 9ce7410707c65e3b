"""What is made of uploads and answers; and, once, a real platform with two films."""

import pytest

from benchmarks import bare, end_to_end, films, waiting
from benchmarks.client import Answer, Person, Sent
from benchmarks.processes import Watch
from benchmarks.scenario import NotSound, sound
from tests.development import vgg16_weights

SENT = [Sent("a", began=10.0, ended=10.1), Sent("b", began=10.2, ended=10.5)]


def answer(radiograph, finished, error=""):
    return Answer(radiograph, "failed" if error else "done", error, finished)


def test_wall_time_goes_from_the_first_request_to_the_last_result():
    told = end_to_end._summary(SENT, [answer("a", 11.0), answer("b", 12.0)])
    assert (told["wall_seconds"], told["ms_per_image"]) == (2.0, 1000.0)


def test_endings_are_counted_by_reason():
    told = end_to_end._summary(SENT, [answer("a", 11.0), answer("b", 12.0, "not-frontal")])
    assert told["endings"] == {"done": 1, "not-frontal": 1}


def test_what_the_gate_stops_counts():
    stopped = [answer("a", 11.0, "not-frontal")]
    assert sound(stopped) == stopped


@pytest.mark.parametrize("answers", [[answer("a", 11.0, "storage")], []])
def test_other_failures_are_no_result(answers):
    with pytest.raises(NotSound):
        sound(answers)


def test_memory_is_told_by_images_answered(tmp_path):
    watch = Watch(tmp_path, memory=[(10.5, 1_000_000), (11.5, 2_000_000), (99.0, 9_000_000)])
    told = end_to_end._memory(watch, [answer("a", 11.0), answer("b", 12.0)])
    assert told["worker_memory_mb"] == [(0, 1.0), (1, 2.0)]


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([(10, 50.0), (60, 100.0), (200, 104.0), (500, 97.0)], 4.0),
        ([(10, 50.0), (60, 100.0), (500, 90.0)], 10.0),
        ([(10, 50.0)], None),
    ],
)
def test_memory_is_held_against_that_of_image_50(curve, expected):
    assert end_to_end._off_by(curve) == expected


def test_latencies_of_single_uploads():
    probes = [waiting.Probe(began=0.0, seconds=seconds) for seconds in (3.0, 1.0, 2.0)]
    assert waiting._latencies(probes) == {
        "singles": 3, "median_seconds": 2.0, "p95_seconds": 3.0, "worst_seconds": 3.0,
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("send", [Person.send_batch, Person.upload_all])
def test_a_real_platform(monkeypatch, send):
    monkeypatch.setenv("VGG16_WEIGHTS", str(vgg16_weights()))
    first, *others = films.films(3).paths
    told = end_to_end._together(first, others, 2, send)
    assert told["images"] == sum(told["endings"].values()) == 2
    assert told["processor_seconds"]["worker"] > 0
    assert told["stages_ms"].keys() <= set(end_to_end.STAGES)


def test_loop_and_platform_take_turns(monkeypatch):
    turns = []
    seconds = iter([2.0, 1.0, 3.0])

    def loop(_paths):
        turns.append("loop")
        return bare.Loop(images=1, seconds=next(seconds))

    def platform(*_given):
        turns.append("platform")
        return {"wall_seconds": len(turns)}

    monkeypatch.setattr(end_to_end.bare, "run_apart", loop)
    monkeypatch.setattr(end_to_end, "_together", platform)
    bares, fours = end_to_end._in_turns("first", ["others"], rounds=2)
    assert turns == ["loop", "platform", "loop", "platform", "loop"]
    assert [each.seconds for each in bares] == [2.0, 1.0, 3.0]
    assert [end_to_end._wall(each) for each in fours] == [2, 4]


def test_processor_time_counts_all_processes_and_the_least_of_each():
    fours = [
        {"processor_seconds": {"web": 1.0, "worker": 11.0}},
        {"processor_seconds": {"up": 15.0}},
    ]
    bares = [bare.Loop(images=1, processor_seconds=each) for each in (12.0, 10.0)]
    assert end_to_end._processor_over_bare(fours, bares) == 1.2
