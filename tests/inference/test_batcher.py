"""The policy of the micro-batches, with a clock of the test's own."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.ml.batcher import PROMOTION_SECONDS, Take, WaitFor, Waiting, in_turn, next_batch
from inference.ml.extractor import BatchLimits

NOW = 1000.0
CPU = BatchLimits(rows=4, patience=0.0)
GPU = BatchLimits(rows=4, patience=0.5)
INTERACTIVE, BULK, BACKGROUND = 0, 1, 2


def row(key, person="ana", urgency=INTERACTIVE, since=NOW - 1, was_tried=False) -> Waiting:
    return Waiting(key, person, urgency, since, was_tried)


def batch_of(person: str, size: int, urgency=BULK) -> list[Waiting]:
    return [row((person, i), person, urgency, NOW - 10 + i / size) for i in range(size)]


waiting_rows = st.lists(
    st.builds(
        row,
        key=st.uuids(),
        person=st.sampled_from("abcd"),
        urgency=st.sampled_from([INTERACTIVE, BULK, BACKGROUND]),
        since=st.floats(NOW - 2 * PROMOTION_SECONDS, NOW),
        was_tried=st.booleans(),
    ),
    max_size=30,
    unique_by=lambda waiting: waiting.key,
)


def test_nothing_waits():
    assert next_batch([], CPU, NOW) is None


def test_an_engine_without_patience_takes_what_is_there():
    assert next_batch([row(1)], CPU, NOW) == Take((1,))


def test_a_patient_engine_waits_for_company():
    decision = next_batch([row(1, since=NOW - 0.2)], GPU, NOW)
    assert decision == WaitFor(pytest.approx(0.3))


def test_patience_ends_with_the_oldest_row():
    assert next_batch([row(1, since=NOW - 0.5), row(2, since=NOW)], GPU, NOW) == Take((1, 2))


def test_a_full_batch_waits_for_nobody():
    assert next_batch([row(i, since=NOW) for i in range(4)], GPU, NOW) == Take((0, 1, 2, 3))


def test_a_clock_that_went_back_makes_nobody_wait():
    assert next_batch([row(1, since=NOW + 60)], GPU, NOW) == Take((1,))


def test_a_single_upload_is_next_behind_a_batch_of_five_thousand():
    single = row("single", "berta", INTERACTIVE, NOW)
    decision = next_batch([*batch_of("ana", 5000), single], CPU, NOW)
    assert decision.keys == ("single",)


def test_two_batches_take_turns():
    rows = batch_of("ana", 5000) + batch_of("berta", 50)
    taken = Counter(key[0] for key in next_batch(rows, CPU, NOW).keys)
    assert taken == {"ana": 2, "berta": 2}


def test_one_persons_radiographs_keep_their_order():
    rows = batch_of("ana", 10)
    assert next_batch(rows[::-1], CPU, NOW).keys == tuple(r.key for r in rows[:4])


def test_nobody_who_is_waited_for_shares_with_the_bulk():
    rows = [row(1), *batch_of("ana", 9)]
    assert next_batch(rows, CPU, NOW).keys == (1,)


def test_the_background_comes_last():
    rows = [row("late", urgency=BACKGROUND, since=NOW - 100), row("bulk", urgency=BULK)]
    assert next_batch(rows, CPU, NOW).keys == ("bulk",)


def test_a_long_wait_moves_up():
    old = row("old", "berta", BULK, NOW - PROMOTION_SECONDS - 1)
    assert "old" in next_batch([row(1), old], CPU, NOW).keys


def test_what_was_tried_before_is_taken_alone():
    rows = [row(1, was_tried=True, since=NOW - 5), row(2), row(3)]
    assert next_batch(rows, CPU, NOW).keys == (1,)


def test_what_was_tried_before_joins_nobodys_batch():
    rows = [row(1), row(2, was_tried=True), row(3)]
    assert next_batch(rows, CPU, NOW).keys == (1, 3)


def test_the_next_rows_are_named_for_reading_ahead():
    decision = next_batch(batch_of("ana", 9), CPU, NOW)
    assert decision.next_keys == tuple(("ana", i) for i in range(4, 8))


@given(waiting_rows)
def test_nobody_is_lost_and_nobody_doubled(rows):
    assert Counter(r.key for r in in_turn(rows, NOW)) == Counter(r.key for r in rows)


@given(waiting_rows)
def test_what_is_taken_is_bounded_and_was_waiting(rows):
    decision = next_batch(rows, CPU, NOW)
    if rows:
        assert 1 <= len(decision.keys) <= CPU.rows
        assert set(decision.keys) <= {r.key for r in rows}
        assert not set(decision.keys) & set(decision.next_keys)


@given(waiting_rows)
def test_within_an_urgency_nobody_is_two_turns_ahead(rows):
    """Of people who all still have rows waiting, none has been served twice more than another."""
    fresh = [row(r.key, r.person, BULK, NOW - 1) for r in rows]
    line = in_turn(fresh, NOW)
    for end in range(len(line)):
        served, left = (Counter(r.person for r in part) for part in (line[:end], line[end:]))
        turns = [served[person] for person in left]
        assert not turns or max(turns) - min(turns) <= 1


@given(waiting_rows)
def test_everybody_is_served_in_the_end(rows):
    left, passes = list(rows), 0
    while left:
        keys = set(next_batch(left, GPU, NOW + GPU.patience).keys)
        left = [r for r in left if r.key not in keys]
        passes += 1
    assert passes <= len(rows)
