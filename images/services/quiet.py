"""When near-duplicates are looked for: while nobody brings radiographs or waits for an answer, or
when some waited long.

The cache keeps since when everything may wait that is known to wait, so that not all radiographs
are gone through each time. The mark is of one hour, and goes when an old picture is to be compared
anew: the next one who asks goes through all.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.core.cache import cache
from django.db import Error as DatabaseError
from django.utils import timezone

from images.models import IncomingFile, Radiograph
from images.services.copies import AT_ONCE, waiting
from images.signals import waiting_asked

logger = logging.getLogger(__name__)

# Nothing came for so long: whoever was sending has finished.
QUIET: Final = timedelta(seconds=10)
# Who always sends, and answers that cannot be given, would keep them waiting for ever, and
# the index of similar cases with them.
LONGEST_WAIT: Final = timedelta(minutes=3)
# A row is seen by others some time after the moment that stands in it.
MARGIN: Final = timedelta(minutes=1)
HOUR: Final = 3600


def is_quiet() -> bool:
    """Whether no radiograph was stored in the last seconds, no file waits to be looked at, and
    nobody waits for an answer."""
    lately = Radiograph.objects.kept().filter(created_at__gte=timezone.now() - QUIET)
    if lately.exists() or IncomingFile.objects.awaits_worker():
        return False
    return not somebody_waits()


def somebody_waits() -> bool:
    """For an answer: other apps know. Where it cannot be told, perhaps: LONGEST_WAIT holds too."""
    try:
        answers = waiting_asked.send(sender=Radiograph)
    except DatabaseError as problem:
        logger.warning("not known whether anybody waits reason=%s", type(problem).__name__)
        return True
    return any(waits for _receiver, waits in answers)


def some_waiting() -> list[Radiograph]:
    """The oldest radiographs that wait to be compared, at most AT_ONCE."""
    asked_at = timezone.now()
    rows = list(waiting(_since())[:AT_ONCE])
    _note((rows[0].created_at if rows else asked_at) - MARGIN)
    return rows


def waited_too_long(rows: list[Radiograph]) -> bool:
    """Of `some_waiting`."""
    return bool(rows) and rows[0].created_at < timezone.now() - LONGEST_WAIT


def look_through_all() -> None:
    """From now on `some_waiting` finds old radiographs too."""
    try:
        cache.delete(_key())
    except Exception as problem:  # whatever the cache's library raises; the mark ends by itself
        logger.warning("mark not taken away reason=%s", type(problem).__name__)


def _since() -> datetime | None:
    try:
        since = cache.get(_key())
    except Exception as problem:
        logger.warning("mark not read reason=%s", type(problem).__name__)
        return None
    return datetime.fromisoformat(since) if since else None


def _note(since: datetime) -> None:
    try:
        cache.set(_key(), since.isoformat(), HOUR)
    except Exception as problem:
        logger.warning("mark not kept reason=%s", type(problem).__name__)


def _key() -> str:
    return f"copies-wait-since-{timezone.now():%Y%m%d%H}"
