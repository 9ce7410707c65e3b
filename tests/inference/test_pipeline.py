"""The engine's turn and the conclusion before it: who waits for whom, and what is never left open.

The micro-batches are told apart by numbers; what they do is played.
"""

import threading
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from django.db import OperationalError

from inference.batch import Begun
from inference.services import answer_waiting, pipeline, work
from inference.services.pipeline import Pipeline
from inference.services.work import Claim, Running

PATIENCE = 30.0


class Played:
    """Micro-batches 1 to `count`. `log` holds what happened, `events` what others may wait for."""

    def __init__(self, monkeypatch, count: int) -> None:
        self.left = list(range(1, count + 1))
        self.tried: set[int] = set()
        self.log: list[str] = []
        self.threads: dict[int, threading.Thread] = {}
        self.fresh: dict[int, list[int]] = {}
        self.events = {(what, n): threading.Event() for what in WHAT for n in range(1, count + 1)}
        # What somebody waits for, or raises, before a step ends.
        self.during: dict[tuple[str, int], object] = {}
        for name, played in (("claim_next", self.claim), ("begin", self.begin),
                             ("conclude", self.conclude)):  # fmt: skip
            monkeypatch.setattr(work, name, played)
        monkeypatch.setattr(pipeline, "connections", SimpleNamespace(close_all=self.close))

    def claim(self, sleep):
        if not self.left:
            return None
        number = self.left.pop(0)
        self.step("claim", number, sleep)
        return Claim(str(number), number in self.tried, ())

    def begin(self, claim, fresh):
        number = int(claim.owner)
        self.fresh[number] = [making.number for making in fresh]
        self.step("begin", number)
        taken = SimpleNamespace(wait_until_taken=lambda: self.step("taken", number))
        making = SimpleNamespace(number=number, pending=taken)
        return Running(claim.owner, Begun((), [making]), ExitStack())

    def conclude(self, running):
        number = int(running.owner)
        self.threads[number] = threading.current_thread()
        self.step("conclude", number)

    def close(self):
        self.log.append(f"closed by {threading.current_thread().name.split('_')[0]}")

    def step(self, what, number, *details):
        self.log.append(f"{what} {number}")
        if (happening := self.during.get((what, number))) is not None:
            happening(*details)
        self.log.append(f"{what} {number} ends")
        self.events[what, number].set()

    def ended(self, what, number):
        """Something that happens: waiting until another step has ended."""

        def wait(*_details):
            assert self.events[what, number].wait(PATIENCE), f"{what} {number} never ended"

        return wait

    def before(self, first, second) -> bool:
        return self.log.index(first) < self.log.index(second)


WHAT = ("claim", "begin", "taken", "conclude")


@pytest.fixture
def play(monkeypatch):
    return lambda count: Played(monkeypatch, count)


def refuse(*_details):
    raise OperationalError


def test_a_micro_batch_is_concluded_while_the_next_is_begun(play):
    played = play(2)
    played.during["begin", 2] = played.ended("conclude", 1)
    assert not answer_waiting(seconds=PATIENCE)
    assert played.before("conclude 1 ends", "begin 2 ends")


def test_one_is_concluded_after_the_other(play):
    played = play(4)
    answer_waiting(seconds=PATIENCE)
    steps = [line for line in played.log if line.startswith("conclude")]
    assert steps == [f"conclude {n}{end}" for n in range(1, 5) for end in ("", " ends")]


def test_nothing_is_claimed_while_two_are_not_concluded(play):
    played = play(3)
    played.during["conclude", 1] = played.ended("begin", 2)
    answer_waiting(seconds=PATIENCE)
    assert played.before("conclude 1 ends", "claim 3")


def test_nothing_is_claimed_before_the_engine_has_its_hands_free(play):
    played = play(3)
    answer_waiting(seconds=PATIENCE)
    assert played.before("taken 1 ends", "claim 2")
    assert played.before("taken 2 ends", "claim 3")


def test_the_next_is_begun_before_the_last_has_its_features(play):
    played = play(2)
    played.during["conclude", 1] = played.ended("begin", 2)
    answer_waiting(seconds=PATIENCE)
    assert played.before("begin 2 ends", "conclude 1 ends")


def test_what_nothing_follows_needs_no_second_thread(play):
    played = play(1)
    answer_waiting(seconds=PATIENCE)
    assert played.threads == {1: threading.current_thread()}
    assert not any(line.startswith("closed") for line in played.log)


def test_the_second_thread_ends_with_its_connection_closed(play):
    played = play(3)
    answer_waiting(seconds=PATIENCE)
    assert played.log[-1] == "closed by conclude"
    assert not played.threads[1].is_alive()


def test_a_slice_that_is_over_leaves_nothing_open(play):
    played = play(2)
    assert answer_waiting(seconds=0)
    assert played.log[-1] == "conclude 1 ends"
    assert played.left == [2]


def test_a_pause_for_company_holds_up_no_conclusion(play, monkeypatch):
    played = play(2)
    monkeypatch.setattr(pipeline.time, "sleep", played.ended("conclude", 1))
    played.during["claim", 2] = lambda sleep: sleep(0.01)
    answer_waiting(seconds=PATIENCE)
    assert played.before("conclude 1 ends", "claim 2 ends")


def test_what_was_tried_before_is_worked_on_with_nothing_beside_it(play):
    played = play(3)
    played.tried = {2}
    answer_waiting(seconds=PATIENCE)
    assert played.before("conclude 1 ends", "begin 2")
    assert played.before("conclude 2 ends", "claim 3")


def test_what_was_just_made_is_known_before_it_is_kept(play):
    played = play(3)
    answer_waiting(seconds=PATIENCE)
    assert played.fresh == {1: [], 2: [1], 3: [2]}


def test_a_conclusion_that_fails_is_told_and_the_next_one_is_concluded(play):
    played = play(3)
    played.during["conclude", 1] = refuse
    with pytest.raises(OperationalError):
        answer_waiting(seconds=PATIENCE)
    assert "conclude 2 ends" in played.log
    assert played.left == [3]


def test_a_last_conclusion_that_fails_is_told(play):
    played = play(1)
    played.during["conclude", 1] = refuse
    with pytest.raises(OperationalError):
        answer_waiting(seconds=PATIENCE)


@pytest.mark.parametrize("step", ["claim", "begin"])
def test_a_database_that_goes_away_leaves_nothing_unconcluded(play, step):
    played = play(3)
    played.during[step, 3] = refuse
    with pytest.raises(OperationalError):
        answer_waiting(seconds=PATIENCE)
    assert {"conclude 1 ends", "conclude 2 ends"} <= set(played.log)
    assert played.log[-1] == "closed by conclude"


def test_others_may_have_been_quicker(play, monkeypatch):
    played = play(2)
    monkeypatch.setattr(work, "begin", lambda _claim, _fresh: None)
    with Pipeline() as both:
        assert [both.work_next() for _ in range(3)] == [True, True, False]
    assert played.threads == {}
