"""What a streamed export sends is written down while it is sent."""

from collections.abc import Iterator
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from images.models import Export, ExportedRadiograph, Radiograph
from images.models.export import ExportKind

Piece = TypeVar("Piece", str, bytes)


class ExportRecord:
    """One download. Nothing is stored before its first byte (a HEAD request leaves no trace).

    Cases are noted before their bytes leave: of a download that broke off it holds what may have
    arrived, and `finished_at` stays empty.
    """

    def __init__(self, *, owner: User, kind: ExportKind, query: str) -> None:
        self.export = Export(owner=owner, kind=kind, query=query[:2000])

    def followed(self, content: Iterator[Piece]) -> Iterator[Piece]:
        """`content`, with its begin and end noted."""
        self.export.save(force_insert=True)
        yield from content
        now = timezone.now()
        Export.objects.filter(pk=self.export.pk).update(finished_at=now, updated_at=now)

    @transaction.atomic
    def note(self, batch: list[Radiograph]) -> None:
        ExportedRadiograph.objects.bulk_create(
            ExportedRadiograph(export=self.export, key=case.pk, radiograph=case) for case in batch
        )
        Export.objects.filter(pk=self.export.pk).update(cases=F("cases") + len(batch))


def gone_from(export: Export) -> list[UUID]:
    """Ids of the cases of an export that its holder has to delete, in order: deleted since, or of
    patients who withdrew their consent since."""
    keys = export.items.gone().order_by("key").values_list("key", flat=True)
    return list(keys.distinct())
