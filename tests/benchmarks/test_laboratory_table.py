"""The part about laboratories' tables runs, on next to nothing, and its rows are what it says."""

import pytest

from benchmarks import laboratory_table


@pytest.mark.slow
def test_a_small_table_is_judged():
    measured = laboratory_table._engine("", 100, 5)
    counts = measured["csv_all"]["counts"]
    assert (sum(counts.values()), counts["refused"]) == (100, laboratory_table.WRONG)
    assert counts["created"] > 0
    assert measured["csv_memory_of_a_tenth"] > 0


def test_the_peak_is_that_of_the_block():
    with laboratory_table.peak() as highest:
        held = bytearray(50_000_000)
    assert highest[0] > len(held)
