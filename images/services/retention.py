"""What is past its day: trash, source files, archives, tables of metadata.

Bytes and names of batches are forgotten by services.leftovers. Everything here can be repeated, and
stops between two things when its time is over.
"""

import logging
import time
from datetime import timedelta
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Site
from images.models import Radiograph
from images.services import exporting, leftovers, quarantine, tables
from images.services.upkeep import delete_for_good

logger = logging.getLogger(__name__)

AT_ONCE: Final = 100


def keep_rules(seconds: float) -> int:
    """Forget what is past its day, for about so many seconds; how many things that were."""
    until = time.monotonic() + seconds
    forgotten = quarantine.forget_expired_sources() + exporting.forget_expired()
    forgotten += tables.forget_old_tables()
    forgotten += leftovers.forget_names() + leftovers.drop_leftovers()
    return forgotten + empty_trash(until)


def empty_trash(until: float) -> int:
    """Delete for good what has been in the trash of its institution for `Site.trash_days`."""
    deleted = 0
    for site in Site.objects.exclude(trash_days=None):
        while overdue := list(_overdue(site)[:AT_ONCE]):
            for radiograph in overdue:
                if time.monotonic() >= until:
                    return deleted
                deleted += delete_for_good(radiograph=radiograph)
    if deleted:
        logger.info("trash emptied radiographs=%d", deleted)
    return deleted


def _overdue(site: Site) -> QuerySet[Radiograph]:
    oldest = timezone.now() - timedelta(days=site.trash_days or 0)
    return Radiograph.objects.trashed().filter(site=site, trashed_at__lt=oldest)
