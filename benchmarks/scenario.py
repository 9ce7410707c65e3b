"""A warm platform with people at its door: what every end-to-end measurement begins with."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.client import Answer, NotAnswered, Person, Sent
from benchmarks.installation import Installation

PATIENCE_SECONDS = 600.0
LOOK_EVERY_SECONDS = 0.25
CONNECTIONS = 4
# What the gate says of an image that it takes for no frontal radiograph: its features were computed
# all the same, so its time counts.
STOPPED_BY_THE_GATE = "not-frontal"
_OPEN = "status IN ('queued', 'running')"
STILL_WAITING = f"""SELECT (SELECT count(*) FROM images_incomingfile WHERE {_OPEN}),
                           (SELECT count(*) FROM inference_prediction WHERE {_OPEN})"""  # noqa: S608


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
        self.wait()
        asked = {each.radiograph for each in sent}
        return self._sound([each for each in self.observer.answers() if each.radiograph in asked])

    def answers_since(self, moment: float) -> list[Answer]:
        """The same of all predictions that ended after `moment` (`time.time`)."""
        self.wait()
        return self._sound([each for each in self.observer.answers() if each.finished > moment])

    def wait(self) -> None:
        """Until no file is on its way in and no prediction to come. Raises NotAnswered.

        Asks the database: a page or the API would cost the platform time that it is measured by.
        """
        ends = time.monotonic() + PATIENCE_SECONDS
        with self.installation.asking() as ask:
            while ask(STILL_WAITING) != [(0, 0)]:
                if time.monotonic() > ends:
                    raise NotAnswered(f"work is left after {PATIENCE_SECONDS:.0f} s")
                time.sleep(LOOK_EVERY_SECONDS)

    def _sound(self, answers: list[Answer]) -> list[Answer]:
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
    """A platform in an empty folder that has answered for films like `first` already.

    So starting it and loading its networks are in no measurement.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="cxr-"))
        installation = stack.enter_context(Installation(Path(folder), people + 1))
        *uploaders, observer = (
            stack.enter_context(Person(installation.url, token)) for token in installation.tokens
        )
        scenario = Scenario(installation, uploaders, observer)
        # Each way in several times, so that each process of the web server has done it once.
        alone, together = _like(first, Path(folder), 2)
        scenario.answers_to(observer.upload_all(alone, connections=CONNECTIONS))
        observer.send_batch(together, at_once=1)
        scenario.wait()
        yield scenario


def _like(film: Path, folder: Path, groups: int) -> list[list[Path]]:
    """Groups of files that are the film, each less some rows: others than any that is measured."""
    paths = []
    with Image.open(film) as image:
        for less in range(1, groups * CONNECTIONS + 1):
            paths.append(folder / f"warm-{less}.jpg")
            image.crop((0, less, image.width, image.height)).save(paths[-1], quality=95)
    return [paths[start : start + CONNECTIONS] for start in range(0, len(paths), CONNECTIONS)]
