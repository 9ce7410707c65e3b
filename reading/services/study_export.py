"""A study that leaves the house is written down: who took it, and which cases are in it."""

from collections.abc import Iterator, Sequence

from django.db import transaction
from django.utils import timezone, translation

from accounts import audit
from accounts.models import User
from images.models import Export, ExportedRadiograph, Radiograph
from images.models.export import ExportKind
from reading import exports
from reading.models import ReadingList
from reading.services.studies import SUBJECT
from reading.studies import standing_of


def followed(
    *, study: ReadingList, by: User, way: audit.Way, language: str | None
) -> Iterator[bytes]:
    """The archive (`reading.exports.zip_of`) in `language`, with its begin and end noted.

    Nothing is noted before the first byte is asked for. By then the request is over, and with it
    the language and the way that its middleware knew. The cases are noted as those of any export,
    so that its holder is told whose consent was withdrawn since.
    """
    export = _begun(study, by, way)

    def note(films: Sequence[Radiograph]) -> None:
        ExportedRadiograph.objects.bulk_create(
            ExportedRadiograph(export=export, key=film.pk, radiograph=film) for film in films
        )

    with translation.override(language):
        yield from exports.zip_of(study, note)
    now = timezone.now()
    Export.objects.filter(pk=export.pk).update(finished_at=now, updated_at=now)


@transaction.atomic
def _begun(study: ReadingList, by: User, way: audit.Way) -> Export:
    cases = standing_of(study).cases
    audit.note(
        actor=by, deed=audit.Deed.EXPORTED, subject=SUBJECT, subject_id=study.pk,
        site=study.site_id, after={"cases": cases}, way=way,
    )  # fmt: skip
    return Export.objects.create(
        owner=by, kind=ExportKind.ZIP, query=f"study={study.pk}", cases=cases
    )
