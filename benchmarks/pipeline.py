"""Stages that work at the same time, each on a thread of its own, in the order of what comes in."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

Stage = Callable[[Any], Any]


class Pipeline:
    """`stages` by name; at most `ahead` items are under way at the same time.

    After `run`, `busy` has the seconds that each stage has worked: the one that is busy all the
    time is the one that limits the others.
    """

    def __init__(self, stages: Mapping[str, Stage], ahead: int) -> None:
        self._stages = stages
        self._ahead = ahead
        self.busy = dict.fromkeys(stages, 0.0)

    def run(self, items: Iterable[Any]) -> Iterator[Any]:
        """What the last stage makes of each item; what a stage raises comes out here."""
        under_way: deque[Future[Any]] = deque()
        with ExitStack() as stack:
            threads = {name: stack.enter_context(ThreadPoolExecutor(1)) for name in self._stages}
            for item in items:
                under_way.append(self._started(item, threads))
                if len(under_way) >= self._ahead:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()

    def _started(self, item: Any, threads: Mapping[str, ThreadPoolExecutor]) -> Future[Any]:
        before: Future[Any] = Future()
        before.set_result(item)
        for name, thread in threads.items():
            before = thread.submit(self._work, name, before)
        return before

    def _work(self, name: str, before: Future[Any]) -> Any:
        item = before.result()
        began = time.perf_counter()
        try:
            return self._stages[name](item)
        finally:
            self.busy[name] += time.perf_counter() - began
