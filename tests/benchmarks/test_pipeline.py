"""Stages beside each other."""

import threading

import pytest

from benchmarks.pipeline import Pipeline


def test_the_order_is_kept():
    pipeline = Pipeline({"double": lambda n: 2 * n, "text": str}, ahead=4)
    assert list(pipeline.run(range(20))) == [str(2 * n) for n in range(20)]


def test_stages_work_at_the_same_time():
    both = threading.Barrier(2, timeout=10)

    def meets(number, when):
        if number == when:
            both.wait()
        return number

    # The second item in the first stage waits for the first item in the second stage.
    stages = {"first": lambda n: meets(n, when=1), "second": lambda n: meets(n, when=0)}
    assert list(Pipeline(stages, ahead=2).run([0, 1])) == [0, 1]


def test_a_failure_comes_out():
    pipeline = Pipeline({"fails": lambda n: 1 // n}, ahead=2)
    with pytest.raises(ZeroDivisionError):
        list(pipeline.run([0]))


def test_no_more_than_so_many_are_under_way():
    taken = []
    running = Pipeline({"stay": lambda n: n}, ahead=3).run(taken.append(n) or n for n in range(9))
    next(running)
    assert taken == [0, 1, 2]
