"""Which file of a batch, or which stored radiograph, each row of a table means."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Prefetch

from accounts.models import Site, User
from core.jobs import JobStatus
from images.models import FileOutcome, GroundTruth, IncomingFile, UploadBatch
from images.names import key_of, shown_name
from images.services.importing import RT_PCR_TARGET
from images.services.table_subjects import (
    OWN_ID_KEY,
    RowRefused,
    StoredFilm,
    Subject,
    changeable_films,
    subject_of,
)
from images.tables import Field, ReadRow

K = TypeVar("K")
T = TypeVar("T")
AT_ONCE: Final = 5000  # values in one IN (...), within what SQLite and PostgreSQL take


class FilesOfBatch:
    """Finds by file name: the whole path, else what is left of it where that is unambiguous."""

    def __init__(self, batch: UploadBatch, by: User) -> None:
        self.batch = batch
        truths = _rt_pcr_truths("radiograph__truths")
        self.files = list(
            IncomingFile.objects.filter(batch=batch)
            .select_related("batch", "radiograph__patient")
            .prefetch_related(truths)
        )
        arrived = changeable_films(by).filter(arrivals__batch=batch)
        self.editable = set(arrived.values_list("pk", flat=True))
        self.by_key = _grouped((file.name_key, file) for file in self.files)

    def subject(self, row: ReadRow) -> Subject:
        """Raises RowRefused."""
        name = str(row.values.get(Field.FILE, ""))
        if not name:
            raise RowRefused(Field.FILE, "no-file-name")
        found = self.by_key.get(key_of(self.batch.site_id, name)) or self._like(name.casefold())
        if not found:
            raise RowRefused(Field.FILE, "no-such-file")
        if len(found) > 1:
            raise RowRefused(Field.FILE, "several-files")
        return subject_of(found[0], editable=found[0].radiograph_id in self.editable)

    def _like(self, name: str) -> list[IncomingFile]:
        """One of both paths is the end of the other; without an extension, any will do."""
        path = PurePosixPath(name)
        found = self._by_last_part.get(path.name, [])
        if not path.suffix:
            found = found or self._by_stem.get(path.stem, [])
            return [
                file for file in found if _ends_alike(path, self._paths[file.pk].with_suffix(""))
            ]
        return [file for file in found if _ends_alike(path, self._paths[file.pk])]

    @cached_property
    def _paths(self) -> dict[UUID, PurePosixPath]:
        return {file.pk: PurePosixPath(self.name_of(file).casefold()) for file in self.files}

    @cached_property
    def _by_last_part(self) -> dict[str, list[IncomingFile]]:
        return _grouped((self._paths[file.pk].name, file) for file in self.files)

    @cached_property
    def _by_stem(self) -> dict[str, list[IncomingFile]]:
        return _grouped((self._paths[file.pk].stem, file) for file in self.files)

    def name_of(self, file: IncomingFile) -> str:
        """For the eyes of the batch's owner alone."""
        return shown_name(self.batch.site_id, bytes(file.sealed_name))

    def not_among(self, named: AbstractSet[UUID]) -> list[IncomingFile]:
        """Pictures of the batch that no row is about; `named` holds keys of subjects."""
        return [
            file
            for file in self.files
            if file.outcome != FileOutcome.EXPANDED
            and file.status != JobStatus.CANCELLED
            and file.pk not in named
            and file.radiograph_id not in named
        ]


class RecordedFilms:
    """Finds what is stored: by its identifier, the own identifier, or patient code and date."""

    def __init__(self, site: Site, by: User, rows: Sequence[ReadRow]) -> None:
        self.films = changeable_films(by, site).select_related("patient")
        addressed = _grouped((address_of(row), row) for row in rows)
        columns = {
            Field.RADIOGRAPH: "pk",
            Field.OWN_ID: f"extra__{OWN_ID_KEY}",
            Field.PATIENT_CODE: "patient__code",
        }
        self.found = {
            field: self._found(column, addressed.get(field, []), field)
            for field, column in columns.items()
        }

    def _found(self, column: str, rows: Sequence[ReadRow], field: Field) -> dict[Any, list[Any]]:
        wanted = sorted({str(row.values[field]) for row in rows})
        found: dict[Any, list[Any]] = defaultdict(list)
        films = self.films.prefetch_related(_rt_pcr_truths("truths"))
        for some in in_parts(wanted):
            for film in films.filter(**{f"{column}__in": some}):
                found[_key_of(film, field)].append(film)
        return found

    def subject(self, row: ReadRow) -> Subject:
        """Raises RowRefused."""
        field = address_of(row)
        if field is None:
            raise RowRefused(Field.RADIOGRAPH, "no-address")
        found = self.found[field].get(_key_in(row, field), [])
        if not found:
            raise RowRefused(field, "no-such-radiograph")
        if len(found) > 1:
            raise RowRefused(field, "several-radiographs")
        return StoredFilm(found[0])


def address_of(row: ReadRow) -> Field | None:
    """What says which stored radiograph a row means; PATIENT_CODE stands for code and date."""
    for field in (Field.RADIOGRAPH, Field.OWN_ID):
        if field in row.values:
            return field
    both = {Field.PATIENT_CODE, Field.ACQUIRED_ON} <= row.values.keys()
    return Field.PATIENT_CODE if both else None


def _key_of(film: Any, field: Field) -> Any:
    if field is Field.PATIENT_CODE:
        return film.patient.code, film.acquired_on
    return film.pk if field is Field.RADIOGRAPH else film.extra.get(OWN_ID_KEY)


def _key_in(row: ReadRow, field: Field) -> Any:
    if field is Field.PATIENT_CODE:
        return row.values[field], row.values[Field.ACQUIRED_ON]
    return row.values[field]


def _ends_alike(asked: PurePosixPath, there: PurePosixPath) -> bool:
    if not asked.suffix:
        asked, there = asked.with_name(asked.stem), there.with_name(there.stem)
    length = min(len(asked.parts), len(there.parts))
    return asked.parts[-length:] == there.parts[-length:]


def _rt_pcr_truths(path: str) -> Prefetch[Any]:
    current = GroundTruth.objects.current().filter(target__code=RT_PCR_TARGET)
    return Prefetch(
        path, current.select_related("target", "target_class"), to_attr="current_truths"
    )


def _grouped(pairs: Iterable[tuple[K, T]]) -> dict[K, list[T]]:
    groups: dict[K, list[T]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups


def in_parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
