"""Features of a batch that an engine has begun with, and of which the numbers may be on their way.

Between the end of one batch and the begin of the next a thread would have nothing to do. So the
next one may be begun as soon as every radiograph of this one is in some thread's hands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from inference.ml import extractor
from inference.ml.precision import Features, to_half


class PendingFeatures(Protocol):
    """Any thread may ask, as often as it likes."""

    def wait_until_taken(self) -> None:
        """Return once no radiograph of the batch waits any more: another batch may follow."""
        ...

    def result(self) -> Features:
        """(N, dimensions) float16, once all of them are computed."""
        ...


@dataclass(frozen=True)
class Ready:
    """What was computed before it could be asked for."""

    features: Features

    def wait_until_taken(self) -> None:
        pass

    def result(self) -> Features:
        return self.features


@dataclass(frozen=True)
class Rounded:
    """What an extractor is busy with, in the precision that is kept."""

    pending: extractor.PendingFeatures

    def wait_until_taken(self) -> None:
        self.pending.wait_until_taken()

    def result(self) -> Features:
        return to_half(self.pending.result())
