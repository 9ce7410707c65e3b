"""Cases as rows of `metadata.csv`, read in batches so that memory stays flat."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from django.db.models import Q

from core.sheets import line
from images.filters import RT_PCR_TARGET
from images.models import GroundTruth, Radiograph, Target
from images.models.radiograph import RadiographQuerySet
from images.pseudonyms import pseudonym
from images.truth_days import days_between, sample_day

BATCH = 200
LABEL_TARGET = "chest-three-classes"
# Classes whose name in a `label` column of public collections differs from ours.
LABELS = {"covid-19": "covid"}

COLUMNS = (
    "filename", "label", "rt_pcr", "patient_id", "view", "source",
    "id", "site", "sex", "age_years", "acquired_on", "date_is_shifted",
    "tested_on", "pixel_sha256",
    "is_synthetic", "width", "height", "display_low", "display_high",
)  # fmt: skip
# Of the RT-PCR, and with a target's code in front of each other one.
MORE = ("laboratory", "kit", "days_between")


def labelled(radiographs: RadiographQuerySet) -> RadiographQuerySet:
    """Those that may leave the house: not in the trash, confirmed by a test, without writing that
    nobody has looked at, of patients who did not withdraw their consent."""
    return radiographs.kept().without_suspicion().consented().confirmed()


def other_targets() -> list[str]:
    """Codes of the targets that have columns of their own, in a stable order."""
    return list(
        Target.objects.exclude(code=RT_PCR_TARGET)
        .order_by("position", "code")
        .values_list("code", flat=True)
    )


def header(targets: Iterable[str]) -> list[str]:
    """Columns that came later stand last: programs may count them from the left."""
    targets = list(targets)
    return [
        *COLUMNS,
        *(name for code in targets for name in (code, f"{code}_tested_on")),
        *MORE,
        *(f"{code}_{name}" for code in targets for name in MORE),
    ]


def batches(
    cases: RadiographQuerySet, note: Callable[[list[Radiograph]], None] = lambda batch: None
) -> Iterator[list[Radiograph]]:
    """All cases, oldest first, each batch by a short query of its own; `note` sees it first.

    No cursor stays open while a slow reader downloads: on SQLite it would keep the write-ahead log
    growing, behind a connection pooler of PostgreSQL it would be lost.
    """
    ordered = cases.with_current_truths().order_by("created_at", "pk")
    after = Q()
    while batch := list(ordered.filter(after)[:BATCH]):
        note(batch)
        yield batch
        last = batch[-1]
        after = Q(created_at__gt=last.created_at) | Q(created_at=last.created_at, pk__gt=last.pk)


def file_name(case: Radiograph) -> str:
    return f"{case.pk}.png"


def row(case: Radiograph, targets: Iterable[str]) -> list[object]:
    """The cells of one case under `header(targets)`; unknown values are empty."""
    truths: dict[str, GroundTruth] = {t.target.code: t for t in case.current_truths}  # type: ignore[attr-defined]
    rt_pcr = truths.get(RT_PCR_TARGET)
    result = rt_pcr.result if rt_pcr else "unknown"
    targets = list(targets)
    return [
        file_name(case), _label(truths.get(LABEL_TARGET), result), result,
        pseudonym(case.patient), case.view, case.source,
        case.pk, case.site.code, case.patient.sex, case.age_years, case.acquired_on,
        str(case.date_is_shifted).lower(), _tested_on(case, rt_pcr), case.pixel_sha256,
        str(case.is_synthetic).lower(),
        case.width, case.height, case.display_low, case.display_high,
        *(cell for code in targets for cell in _truth_cells(case, truths.get(code))),
        *(cell for code in (RT_PCR_TARGET, *targets) for cell in _more(case, truths.get(code))),
    ]  # fmt: skip


def csv_of(
    cases: RadiographQuerySet, note: Callable[[list[Radiograph]], None] = lambda batch: None
) -> Iterator[str]:
    """Text of `metadata.csv`, in pieces: the header at once, then a piece for each batch, which
    `note` is told of before."""
    targets = other_targets()
    yield line(header(targets))
    for batch in batches(cases, note):
        yield "".join(line(row(case, targets)) for case in batch)


def _label(truth: GroundTruth | None, rt_pcr: str) -> str:
    if truth is not None and truth.target_class is not None:
        return LABELS.get(truth.target_class.code, truth.target_class.code)
    return "covid" if rt_pcr == "positive" else ""


def _tested_on(case: Radiograph, truth: GroundTruth | None) -> date | None:
    """Moved like the day of the radiograph, which the two together would give away."""
    return sample_day(case, truth.tested_on) if truth and truth.tested_on else None


def _truth_cells(case: Radiograph, truth: GroundTruth | None) -> tuple[str, date | None]:
    return (truth.result if truth else "unknown", _tested_on(case, truth))


def _more(case: Radiograph, truth: GroundTruth | None) -> tuple[str, str, int | None]:
    """The cells of MORE."""
    return (truth.laboratory, truth.kit, days_between(case, truth)) if truth else ("", "", None)
