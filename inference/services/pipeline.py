"""Answering what waits, with the engine never waiting for the database.

This thread gives the engine one micro-batch after the other. A second thread waits for the features
of the one before and concludes it: gate, head, transaction, and what comes after it.

    this thread     claim, begin 1 |      claim, begin 2 |      claim, begin 3 | ...
    engine                         1   1   1   1   1   1   2   2   2   2   2   2   3   3  ...
    second thread                        |        conclude 1   |        conclude 2   | ...

The next micro-batch is claimed when some thread of the engine has each radiograph of this one in
its hands: no sooner, so that a single upload waits for no more than the one that runs, and no
later, so that no thread is left without work.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from django.db import connections

from inference.extraction import Making
from inference.services import work
from inference.services.work import Clock, Running


def answer_waiting(
    *, seconds: float, may_go_on: Callable[[], bool] = lambda: False, clock: Clock = time.monotonic
) -> bool:
    """Work until nothing is claimable, or for `seconds` and the micro-batch that runs then, and as
    many seconds more as often as it `may_go_on`.

    True where it may not: there may be more. All that was begun is concluded.
    """
    ends = clock() + seconds
    with Pipeline() as pipeline:
        while pipeline.work_next():
            if clock() < ends:
                continue
            if not may_go_on():
                return True
            ends = clock() + seconds
    return False


class Pipeline:
    """Micro-batches one after the other; the end of the `with` block concludes what was begun.

    What a conclusion raises, which is what the database does when it is away, is raised by the next
    call. The rows are then left to the reaper, as those of a dead worker are.
    """

    def __init__(self) -> None:
        self._second = ThreadPoolExecutor(1, thread_name_prefix="conclude")
        # What is begun: the last one, and the one before, which the second thread has.
        self._begun: Running | None = None
        self._handed: tuple[Running, Future[None]] | None = None
        self._is_connected = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._conclude_all()
        finally:
            if self._is_connected:
                self._second.submit(connections.close_all)
            self._second.shutdown()

    def work_next(self) -> bool:
        """As `work.work_next`, except that the last micro-batch may not be concluded yet."""
        if self._begun is not None:
            self._begun.begun.wait_until_taken()
        # Before the claim: a conclusion that takes long keeps nobody's row.
        self._await_second()
        claim = work.claim_next(sleep=self._rest)
        if claim is None or claim.was_tried:
            # What was tried may be what kills its worker: nothing of others is on the way then.
            self._conclude_all()
        if claim is None:
            return False
        self._hand_over()
        self._begun = work.begin(claim, self._fresh())
        if claim.was_tried:
            self._conclude_all()
        return True

    def _rest(self, seconds: float) -> None:
        self._hand_over()
        time.sleep(seconds)

    def _hand_over(self) -> None:
        """Let the second thread conclude the last micro-batch."""
        if self._begun is None:
            return
        self._await_second()
        self._is_connected = True
        begun, self._begun = self._begun, None
        self._handed = begun, self._second.submit(work.conclude, begun)

    def _fresh(self) -> Sequence[Making]:
        """What is made or kept just now."""
        return self._handed[0].begun.makings if self._handed else ()

    def _await_second(self) -> None:
        """Raises what the second thread did."""
        handed, self._handed = self._handed, None
        if handed is not None:
            handed[1].result()

    def _conclude_all(self) -> None:
        try:
            self._await_second()
        finally:
            begun, self._begun = self._begun, None
            if begun is not None:
                work.conclude(begun)
