"""Are the files of radiographs what was stored? Findings name radiographs by their keys alone."""

import hashlib
import logging
from collections.abc import Sequence
from typing import Final

from images.models import Radiograph, StorageFinding
from images.models.storage import StorageProblem
from images.storage import private_storage

logger = logging.getLogger(__name__)

ABSENT: Final = "absent"


def check(radiographs: Sequence[Radiograph]) -> list[StorageFinding]:
    """Read each file to its end and compare its SHA-256; findings are not saved.

    A radiograph that was covered, deleted or replaced meanwhile has none.
    """
    found = [
        StorageFinding(radiograph=each, problem=problem)
        for each in radiographs
        for problem in _problems_of(each)
    ]
    return [finding for finding in found if _is_as_it_was(finding.radiograph)]


def note(radiographs: Sequence[Radiograph], findings: Sequence[StorageFinding]) -> None:
    """Keep `findings` about `radiographs`, and forget older ones that they do not confirm."""
    wanted = {(finding.radiograph_id, finding.problem): finding for finding in findings}
    known = StorageFinding.objects.filter(radiograph__in=[each.pk for each in radiographs])
    kept = {(row.radiograph_id, row.problem): row.pk for row in known}
    over = [key for pair, key in kept.items() if pair not in wanted]
    StorageFinding.objects.filter(pk__in=over).delete()
    new = [finding for pair, finding in wanted.items() if pair not in kept]
    StorageFinding.objects.bulk_create(new, ignore_conflicts=True)
    for finding in new:
        logger.error("stored file radiograph=%s %s", finding.radiograph_id, finding.problem)


def _problems_of(radiograph: Radiograph) -> list[StorageProblem]:
    picture, thumbnail = _sha256(radiograph.file.name), _sha256(radiograph.thumbnail.name)
    found = []
    if picture == ABSENT:
        found.append(StorageProblem.MISSING_FILE)
    elif picture != radiograph.file_sha256:
        found.append(StorageProblem.WRONG_FILE)
    if thumbnail == ABSENT:
        found.append(StorageProblem.MISSING_THUMBNAIL)
    elif thumbnail != (radiograph.thumbnail_sha256 or thumbnail):
        found.append(StorageProblem.WRONG_THUMBNAIL)
    return found


def _sha256(name: str | None) -> str:
    """Of a stored file, or ABSENT. A file that the disk cannot read is as good as absent."""
    digest = hashlib.sha256()
    try:
        with private_storage().open(name or "") as file:
            for chunk in file.chunks():
                digest.update(chunk)
    except OSError:
        return ABSENT
    return digest.hexdigest()


def _is_as_it_was(radiograph: Radiograph) -> bool:
    same = Radiograph.objects.filter(pk=radiograph.pk, file=radiograph.file.name)
    return same.filter(file_sha256=radiograph.file_sha256).exists()
