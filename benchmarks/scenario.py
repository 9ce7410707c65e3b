"""A warm platform with people at its door: what every end-to-end measurement begins with."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.client import Answer, Person, Sent
from benchmarks.installation import Installation

PATIENCE_SECONDS = 600.0
CONNECTIONS = 4
# What the gate says of an image that it takes for no frontal radiograph: its features were computed
# all the same, so its time counts.
STOPPED_BY_THE_GATE = "not-frontal"


class NotSound(Exception):
    """Predictions failed, so that their times say nothing; the text names the reasons."""


@dataclass(frozen=True)
class Scenario:
    """`people` upload; `observer` has an account of the same institution and only asks."""

    installation: Installation
    people: Sequence[Person]
    observer: Person

    def answers_to(self, sent: Sequence[Sent]) -> list[Answer]:
        """How the uploads ended, once nothing waits any more. Raises NotAnswered, NotSound."""
        self.observer.wait_until_answered(PATIENCE_SECONDS)
        asked = {each.radiograph for each in sent}
        answers = [each for each in self.observer.answers() if each.radiograph in asked]
        try:
            return sound(answers)
        except NotSound as problem:
            raise NotSound(f"{problem}; it said: {self.installation.last_words}") from None


def sound(answers: Sequence[Answer]) -> list[Answer]:
    """The same answers; raises NotSound where one failed for another reason than the gate's."""
    reasons = {each.error for each in answers} - {"", STOPPED_BY_THE_GATE}
    if reasons or not answers:
        raise NotSound(f"predictions failed: {', '.join(sorted(reasons)) or 'there are none'}")
    return list(answers)


@contextmanager
def warm_platform(people: int, first: Path) -> Iterator[Scenario]:
    """A platform in an empty folder that has answered for the film `first` already.

    So starting it and loading its networks are in no measurement.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="cxr-"))
        installation = stack.enter_context(Installation(Path(folder), people + 1))
        *uploaders, observer = (
            stack.enter_context(Person(installation.url, token)) for token in installation.tokens
        )
        scenario = Scenario(installation, uploaders, observer)
        # Over several connections, so that each process of the web server has done it once.
        scenario.answers_to(observer.upload_all([first] * CONNECTIONS, connections=CONNECTIONS))
        yield scenario
