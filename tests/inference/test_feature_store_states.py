"""Any order of keeping, forgetting, damage, deaths and restarts: what is read is what was kept."""

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from inference import features
from inference.features import index
from inference.features.shards import ShardKind
from inference.models import FeatureShard
from tests.inference.vectors import (
    DIMENSIONS,
    EXTRACTOR,
    PREPROCESSING,
    begin_again,
    damage,
    is_on_the_disk,
    key,
    pixels,
    shard_files,
    some,
    vector,
)

NUMBERS = range(8)
RECORD = vector(0).nbytes
KIND = ShardKind(EXTRACTOR, PREPROCESSING, DIMENSIONS)
numbers = st.sampled_from(NUMBERS)
batches = st.sets(numbers, min_size=1, max_size=4)


def file_of(shard):
    return next(path for path in shard_files() if path.stem == shard.name)


class Machine(RuleBasedStateMachine):
    """A plain account of what must be there (`kept`) and of what must be nowhere (`gone`)."""

    def __init__(self):
        super().__init__()
        FeatureShard.objects.all().delete()
        for file in shard_files():
            file.unlink()
        begin_again()
        self.kept, self.gone = set(), set()

    @rule(batch=batches)
    def keep(self, batch):
        features.keep_many(some(sorted(batch)))
        self.kept |= batch
        self.gone -= batch

    @rule(number=numbers)
    def forget(self, number):
        features.forget(pixels(number))
        self.kept.discard(number)
        self.gone.add(number)

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), at=st.integers(0, RECORD - 1))
    def a_byte_is_damaged(self, data, at):
        number = data.draw(st.sampled_from(sorted(self.kept)))
        (place,) = index.places_of([key(number)])
        damage(file_of(place.shard), place.position * RECORD + at)
        self.kept.discard(number)

    @rule()
    def another_process_begins(self):
        begin_again()

    @precondition(lambda self: index.shards_with_room(KIND))
    @rule(number=numbers, torn=st.integers(1, 2 * RECORD), next_batch=batches)
    def a_process_is_killed_while_it_appends(self, number, torn, next_batch):
        shard = index.shards_with_room(KIND)[0]
        begin_again()
        with file_of(shard).open("ab") as file:
            file.write((vector(number).tobytes() * 2)[:torn])
        self.keep(next_batch)

    @invariant()
    def what_is_read_is_what_was_kept(self):
        found = features.read_many([key(number) for number in NUMBERS])
        assert found.keys() == {key(number) for number in self.kept}
        assert all(np.array_equal(found[key(number)], vector(number)) for number in self.kept)

    @invariant()
    def what_was_forgotten_is_nowhere(self):
        assert not any(is_on_the_disk(number) for number in self.gone)


@pytest.mark.slow
def test_the_cache_is_honest_in_any_order(db, monkeypatch):
    monkeypatch.setattr(index, "FULL", 5)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
