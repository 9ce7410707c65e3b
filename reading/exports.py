"""A whole study as one ZIP: what was asked, every case, every reading ever stated, every figure.

    README.txt  protocol.json  cases.csv  readings.csv  results.json  SHA256SUMS

Readers are numbers and patients pseudonyms; dates of patients and the words that readers typed stay
in the house. It is made in a temporary file without a name when its first byte is asked for; above
a megabyte that lies on the disk, so that memory stays flat.
"""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core.sheets import line
from images.models import GroundTruth, Radiograph
from images.pseudonyms import pseudonym
from images.truth_days import days_between
from reading.figures import CaseRow, Results
from reading.models import RadiologicalReading, ReaderPart, ReadingList
from reading.results import results_of
from reading.studies import counted_cases, standing_of
from reading.study_rows import readers_of, rows_of

BATCH: Final = 200
CHUNK: Final = 64 * 1024
KEPT_IN_MEMORY: Final = 1024 * 1024
FORMAT: Final = 1

CASE_COLUMNS: Final = (
    "case", "id", "patient_id", "site", "sex", "age_years", "view", "is_synthetic",
    "rt_pcr", "days_from_sample", "model", "model_probability", "model_uncertain", "model_version",
    "adjudicated", "consensus",
)  # fmt: skip
READING_COLUMNS: Final = (
    "reading", "case", "reader", "finding", "stated_at", "seconds", "is_current", "supersedes",
    "verdict_on_model", "disagreement",
)  # fmt: skip

Note = Callable[[Sequence[Radiograph]], None]


def zip_of(study: ReadingList, note: Note = lambda batch: None) -> Iterator[bytes]:
    """Bytes of the archive, in the language of the moment. `note` is told of the cases, batch by
    batch, before the first byte leaves."""
    made_at = timezone.now()
    rows = rows_of(study)
    results = results_of(rows, len(readers_of(study)))
    with SpooledTemporaryFile(max_size=KEPT_IN_MEMORY) as spool:
        with zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED) as archive:
            members = _Members(archive)
            members.add("README.txt", [readme(study, made_at)])
            members.add("protocol.json", [_json(protocol_of(study, results))])
            members.add("cases.csv", _cases(study, rows, note))
            members.add("readings.csv", _readings(study))
            members.add("results.json", [_json(results.to_dict())])
            members.end()
        spool.seek(0)
        while chunk := spool.read(CHUNK):
            yield chunk


class _Members:
    """Members as they are written, each with its checksum."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.sums: list[str] = []

    def add(self, name: str, pieces: Iterable[str]) -> None:
        digest = hashlib.sha256()
        with self.archive.open(name, "w") as member:
            for piece in pieces:
                data = piece.encode()
                digest.update(data)
                member.write(data)
        self.sums.append(f"{digest.hexdigest()}  {name}\n")

    def end(self) -> None:
        self.archive.writestr("SHA256SUMS", "".join(self.sums))


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def protocol_of(study: ReadingList, results: Results | None = None) -> dict[str, Any]:
    """How the study was made: rules, choice of cases with the seed, days; people as numbers."""
    standing = standing_of(study)
    parts = list(study.parts.values_list("part", flat=True))
    return {
        "format": FORMAT,
        "id": str(study.pk),
        "name": study.name,
        "purpose": study.purpose,
        "institution": study.site.code,
        "target": study.target.code,
        "confirming_test": study.target.confirming_test,
        "cases_chosen_by": study.protocol,
        "cases": standing.cases,
        "withdrawn": standing.withdrawn,
        "set_aside": standing.flagged,
        "readers": parts.count(ReaderPart.READER),
        "adjudicators": parts.count(ReaderPart.ADJUDICATOR),
        "readers_are_blind_to_each_other": True,
        "model_hidden_until_answered": study.hides_model,
        "model_versions": list(results.model.versions) if results else [],
        "created_at": study.created_at.isoformat(),
        "closed_at": study.closed_at.isoformat() if study.closed_at else None,
        "is_open": study.closed_at is None,
    }


def _cases(study: ReadingList, rows: Sequence[CaseRow], note: Note) -> Iterator[str]:
    readers = [f"reader_{number}" for number in range(1, len(readers_of(study)) + 1)]
    yield line([*CASE_COLUMNS, *readers])
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        films = _films(study, some)
        note([film for film, _truth in films.values()])
        yield "".join(line(_cells(row, *films[row.radiograph])) for row in some)


def _films(
    study: ReadingList, rows: Sequence[CaseRow]
) -> dict[UUID, tuple[Radiograph, GroundTruth | None]]:
    """The radiographs, each with what the RT-PCR says of it now."""
    wanted = Radiograph.objects.filter(pk__in=[row.radiograph for row in rows])
    truths = GroundTruth.objects.current().filter(target=study.target_id, radiograph__in=wanted)
    found = {truth.radiograph_id: truth for truth in truths.select_related("target_class")}
    films = wanted.select_related("patient", "site")
    return {film.pk: (film, found.get(film.pk)) for film in films}


def _cells(row: CaseRow, film: Radiograph, truth: GroundTruth | None) -> list[object]:
    model = row.model
    return [
        row.position, film.pk, pseudonym(film.patient), film.site.code, film.patient.sex,
        film.age_years, film.view, _yes(row.is_synthetic),
        truth.result if truth else "unknown", days_between(film, truth) if truth else None,
        _word(model.is_positive), model.probability, _yes(model.is_uncertain), model.version,
        row.adjudicated, row.consensus, *row.findings,
    ]  # fmt: skip


def _word(answer: bool | None) -> str:
    if answer is None:
        return "none"
    return "positive" if answer else "negative"


def _yes(value: bool) -> str:
    return str(value).lower()


def _readings(study: ReadingList) -> Iterator[str]:
    """Every row ever stated, oldest first, superseded and taken back ones too."""
    numbers = {reader: number for number, reader in enumerate(readers_of(study), 1)}
    stated = RadiologicalReading.objects.filter(case__in=counted_cases(study))
    rows = stated.select_related("case").order_by("created_at", "pk")
    yield line(READING_COLUMNS)
    for row in rows.iterator(chunk_size=BATCH):
        reader = "adjudicator" if row.is_adjudication else numbers.get(row.reader_id, "")
        yield line(_reading(row, reader, row.created_at))


def _reading(row: RadiologicalReading, reader: object, stated_at: datetime) -> list[object]:
    return [
        row.pk, row.case.position, reader, row.finding or "taken-back", stated_at.isoformat(),
        row.seconds, _yes(row.is_current), row.supersedes_id, row.verdict, row.disagreement,
    ]  # fmt: skip


def readme(study: ReadingList, made_at: datetime) -> str:
    """About a page, in the language of the person who asked for it."""
    paragraphs = [
        _("COVID-XR: the reader study “%(name)s”") % {"name": study.name},
        _("Made on %(moment)s.") % {"moment": date_format(made_at, "DATETIME_FORMAT")},
        *([] if study.closed_at else [_("The study was still open: its figures may change.")]),
        _(
            "cases.csv has one row per case: patient_id is a pseudonym, days_from_sample are the "
            "days from the sample of the RT-PCR to the radiograph, and each reader has a column. "
            "Cases of patients who withdrew their consent are left out."
        ),
        _(
            "readings.csv has every reading ever stated, also those that were corrected or taken "
            "back: supersedes names the row that it replaced. Readers are numbers, and what they "
            "typed as notes is left out, for it may name a patient."
        ),
        _(
            "results.json has all figures with their intervals, null where there is none; "
            "protocol.json says how the cases were chosen, by which rules they were read, and "
            "which version of the model answered."
        ),
        _("Check the files with: sha256sum -c SHA256SUMS"),
        _("Readings are opinions and no ground truth. Nothing in this archive is a diagnosis."),
    ]
    return "\n\n".join(paragraphs) + "\n"
