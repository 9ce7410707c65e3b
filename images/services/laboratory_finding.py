"""Which radiographs each row of a laboratory's table is about, and what stands of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from django.db.models import Prefetch

from accounts.models import Site, User
from images.models import GroundTruth, Patient, PatientMerge, Radiograph
from images.models.target import RT_PCR_TARGET
from images.services.laboratory_rows import FilmOfRow, LaboratoryRow, Statement, worst_of
from images.services.table_subjects import OWN_ID_KEY, RowRefused, changeable_films
from images.tables import Field, Problem, ReadRow
from images.tables.laboratory import ADDRESSES
from images.truth_days import between, is_before_birth

# A row is named by the first of these that it has.
NAMING: Final = (Field.PATIENT_CODE, Field.RADIOGRAPH, Field.OWN_ID)
NEEDED: Final = {Field.SAMPLED_ON: "no-sample-date", Field.RESULT: "no-result"}
READ_OF_FILM: Final = (
    "patient", "site", "acquired_on", "date_is_shifted", "age_years", "extra"
)  # fmt: skip
READ_OF_TRUTH: Final = (
    "radiograph", "target_class", "is_indeterminate", "tested_on", "laboratory", "kit"
)  # fmt: skip


def judged(rows: Sequence[ReadRow], *, site: Site, by: User) -> list[LaboratoryRow]:
    """Some rows, each by itself: found, and held against what stands. Ten queries at most."""
    films = _Films(rows, site, by)
    found = [_found(row, films) for row in rows]
    standing = _standing(film.key for row in found for film in row.films)
    return [_weighed(row, standing) for row in found]


class _Films:
    """The radiographs that some rows may mean, of the institution and changeable by the sender."""

    def __init__(self, rows: Sequence[ReadRow], site: Site, by: User) -> None:
        self.site = site
        owners = Prefetch("patient", Patient.objects.only("site"))
        films = changeable_films(by, site).only(*READ_OF_FILM).prefetch_related(owners)
        self.patients = _patients(site, _said(rows, Field.PATIENT_CODE))
        own = {row.values.get(Field.OWN_ID) for row in rows if _names_nothing_else(row)}
        self.by_patient = _by(
            films.filter(patient__in=set(self.patients.values())), lambda film: film.patient_id
        )
        self.by_key = {film.pk: film for film in films.filter(pk__in=_said(rows, Field.RADIOGRAPH))}
        self.by_own = _by(
            films.filter(**{f"extra__{OWN_ID_KEY}__in": sorted(map(str, own - {None}))}), _own_id
        )

    def of(self, row: ReadRow) -> list[tuple[Radiograph, bool]]:
        """Radiographs, and whether the row names them. Raises RowRefused."""
        code = row.values.get(Field.PATIENT_CODE)
        patient = self.patients.get(str(code)) if code else None
        if code and patient is None:
            raise RowRefused(Field.PATIENT_CODE, "no-such-patient")
        if Field.RADIOGRAPH in row.values or Field.OWN_ID in row.values:
            return [(self._named(row, patient), True)]
        if patient is None:
            raise RowRefused(Field.PATIENT_CODE, "no-patient")
        return [(film, False) for film in self._near(row, self.by_patient.get(patient, []))]

    def _named(self, row: ReadRow, patient: UUID | None) -> Radiograph:
        about = next(each for each in ADDRESSES if each in row.values)
        wanted: Any = row.values[about]
        if about is Field.RADIOGRAPH:
            found = [self.by_key[wanted]] if wanted in self.by_key else []
        elif patient:
            found = [each for each in self.by_patient.get(patient, []) if _own_id(each) == wanted]
        else:
            found = self.by_own.get(wanted, [])
        if not found:
            raise RowRefused(about, "no-such-radiograph")
        if len(found) > 1:
            raise RowRefused(about, "several-radiographs")
        if patient and found[0].patient_id != patient:
            raise RowRefused(about, "other-patient")
        return found[0]

    def _near(self, row: ReadRow, films: list[Radiograph]) -> list[Radiograph]:
        """A patient's only radiograph needs no day; of several the near ones are meant."""
        if not films:
            raise RowRefused(Field.PATIENT_CODE, "no-radiograph")
        days = [days_of(film, row.values.get(Field.SAMPLED_ON)) for film in films]
        if len(films) == 1 and days == [None]:
            return films
        limit = self.site.truth_days
        pairs = zip(films, days, strict=True)
        near = [film for film, apart in pairs if apart is not None and abs(apart) <= limit]
        if not near and None in days:
            raise RowRefused(Field.SAMPLED_ON, "undated-radiographs")
        if not near:
            raise RowRefused(Field.SAMPLED_ON, "no-near-radiograph", days=str(limit))
        return near


def days_of(film: Radiograph, sampled_on: Any) -> int | None:
    """Days from the sample to the radiograph."""
    moved_of = (film.site_id, film.patient_id) if film.date_is_shifted else None
    return between(film.acquired_on, sampled_on, moved_of=moved_of)


def _patients(site: Site, codes: set[Any]) -> dict[str, UUID]:
    """Patient code to the key of its patient; a code that a merge absorbed means the kept one."""
    own = Patient.objects.filter(site=site, code__in=codes)
    merges = PatientMerge.objects.filter(site=site, absorbed_code__in=codes).order_by("created_at")
    return dict(own.values_list("code", "pk")) | dict(merges.values_list("absorbed_code", "kept"))


def _said(rows: Iterable[ReadRow], field: Field) -> set[Any]:
    return {row.values[field] for row in rows if field in row.values}


def _names_nothing_else(row: ReadRow) -> bool:
    return not {Field.RADIOGRAPH, Field.PATIENT_CODE} & row.values.keys()


def _own_id(film: Radiograph) -> Any:
    return film.extra.get(OWN_ID_KEY)


def _by(films: Iterable[Radiograph], key: Any) -> dict[Any, list[Radiograph]]:
    groups: dict[Any, list[Radiograph]] = defaultdict(list)
    for film in films:
        groups[key(film)].append(film)
    return groups


def _found(row: ReadRow, films: _Films) -> LaboratoryRow:
    """The row with its radiographs, all as if nothing were known of them."""
    values: dict[Field, Any] = dict(row.values)
    name = next((str(values[each]) for each in NAMING if each in values), "")
    told = {problem.about for problem in row.problems}
    missing = [
        Problem(field, code) for field, code in NEEDED.items() if field not in {*values, *told}
    ]
    bare = LaboratoryRow(row.number, name, "refused", problems=(*row.problems, *missing))
    if bare.problems:
        return bare
    day = values[Field.SAMPLED_ON]
    said = Statement(
        values[Field.RESULT], day, values.get(Field.LABORATORY, ""), values.get(Field.KIT, "")
    )
    try:
        found = films.of(row)
    except RowRefused as refusal:
        return bare.refused(refusal.problem)
    if any(is_before_birth(film, day) for film, _named in found):
        return bare.refused(Problem(Field.SAMPLED_ON, "test-before-birth"))
    of_row = tuple(_of_row(film, day, named=named) for film, named in found)
    return LaboratoryRow(row.number, name, "created", said, of_row)


def _of_row(film: Radiograph, day: Any, *, named: bool) -> FilmOfRow:
    apart = days_of(film, day)
    return FilmOfRow(film.pk, film.patient_id, film.acquired_on, apart, named, "created")


def _standing(keys: Iterable[UUID]) -> dict[UUID, GroundTruth]:
    rows = GroundTruth.objects.current().filter(target__code=RT_PCR_TARGET)
    rows = rows.filter(radiograph__in=set(keys)).only(*READ_OF_TRUTH)
    # Not joined: two classes are two objects, however many rows name them.
    return {row.radiograph_id: row for row in rows.prefetch_related("target_class")}


def statement_of(truth: GroundTruth) -> Statement:
    return Statement(truth.result, truth.tested_on, truth.laboratory, truth.kit)


def _weighed(row: LaboratoryRow, standing: dict[UUID, GroundTruth]) -> LaboratoryRow:
    if row.said is None:
        return row
    films = tuple(_held_against(film, row.said, standing.get(film.key)) for film in row.films)
    return LaboratoryRow(row.number, row.name, worst_of(films), row.said, films)


def _held_against(film: FilmOfRow, said: Statement, truth: GroundTruth | None) -> FilmOfRow:
    stands = statement_of(truth) if truth else None
    return FilmOfRow(
        film.key, film.patient, film.acquired_on, film.days, film.named, said.against(stands),
        truth.pk if truth else None, stands,
    )  # fmt: skip
