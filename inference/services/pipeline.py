"""Answering what waits, with the engine never waiting for the database.

While the engine is busy with one micro-batch, a second thread concludes the one before: gate, head,
transaction, and what comes after it.

    this thread     claim 1, features 1 | claim 2, features 2 | claim 3, features 3 | ...
    second thread                       | conclude 1          | conclude 2          | ...

Nothing is claimed ahead, so that a single upload waits for no more than the micro-batch that runs.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from django.db import connections

from inference.features import Vector
from inference.features.keys import FeatureKey
from inference.services import work
from inference.services.work import Running


def answer_waiting(*, seconds: float) -> bool:
    """Work until nothing is claimable, or for `seconds` and the micro-batch that runs then.

    True in the latter case: there may be more. All that was begun is concluded.
    """
    ends = time.monotonic() + seconds
    with Pipeline() as pipeline:
        while pipeline.work_next():
            if time.monotonic() >= ends:
                return True
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

    def _fresh(self) -> dict[FeatureKey, Vector]:
        """What was made a moment ago, and is perhaps being kept just now."""
        return dict(self._handed[0].begun.made) if self._handed else {}

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
