"""Similar cases: the index follows the database, and shows which cases are copies."""

import logging

from core.tasks import cpu_task
from images.services import quiet
from inference import copies, similar

logger = logging.getLogger(__name__)


@cpu_task
def refresh_similar() -> None:
    """Write the indexes anew that are late, lost or damaged (see `inference.similar.upkeep`).

    While somebody waits for an answer once in LONGEST_WAIT: each answered film makes an index late,
    and to write it takes longer the more cases there are.
    """
    if similar.refreshed_within(quiet.LONGEST_WAIT) and quiet.somebody_waits():
        return
    try:
        similar.refresh()
    except OSError as problem:
        # The old index stays; the next beat tries again.
        logger.error("index of similar cases not written reason=%s", problem.strerror)
        return
    copies.join_by_features()
