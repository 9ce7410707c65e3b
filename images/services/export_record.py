"""What a streamed export sends is written down while it is sent."""

from collections.abc import Iterator
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.audit import Way, by_way
from accounts.models import User
from images.audited import note_export
from images.models import Export, ExportedRadiograph, Radiograph
from images.models.export import ExportKind
from images.models.radiograph import RadiographQuerySet

Piece = TypeVar("Piece", str, bytes)


class ExportRecord:
    """One download. Nothing is stored before its first byte (a HEAD request leaves no trace).

    Cases are noted before their bytes leave: of a download that broke off it holds what may have
    arrived, and `finished_at` stays empty. So does the record of deeds: how many cases were asked
    for stands there before the first of them leaves.
    """

    def __init__(
        self, *, owner: User, kind: ExportKind, query: str, cases: RadiographQuerySet
    ) -> None:
        self.export = Export(owner=owner, kind=kind, query=query[:2000])
        self.cases = cases
        self.is_recorded = False

    def followed(self, content: Iterator[Piece]) -> Iterator[Piece]:
        """`content`, with its begin and end noted."""
        self.export.save(force_insert=True)
        yield from content
        self._record()  # of no case at all
        now = timezone.now()
        Export.objects.filter(pk=self.export.pk).update(finished_at=now, updated_at=now)

    @transaction.atomic
    def note(self, batch: list[Radiograph]) -> None:
        self._record()
        ExportedRadiograph.objects.bulk_create(
            ExportedRadiograph(export=self.export, key=case.pk, radiograph=case) for case in batch
        )
        Export.objects.filter(pk=self.export.pk).update(cases=F("cases") + len(batch))

    def _record(self) -> None:
        if not self.is_recorded:
            with by_way(Way.API):
                note_export(self.export, self.cases)
            self.is_recorded = True


def gone_from(export: Export) -> list[UUID]:
    """Ids of the cases of an export that its holder has to delete, in order: deleted since, or of
    patients who withdrew their consent since."""
    keys = export.items.gone().order_by("key").values_list("key", flat=True)
    return list(keys.distinct())
