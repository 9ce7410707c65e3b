"""What each case of a study says, read from the database: seven queries, whatever its size."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from core.jobs import JobStatus
from images.models import GroundTruth
from inference.models import Prediction
from inference.readings import is_near
from reading.figures import CaseRow, ModelAnswer, Results
from reading.models import RadiologicalReading, ReaderPart, ReadingList
from reading.results import results_of
from reading.studies import counted_cases

ANSWERED = (JobStatus.DONE, JobStatus.FAILED)
Findings = dict[UUID, dict[UUID, str]]


def study_results(study: ReadingList) -> Results:
    """Every figure of the study, as it stands now."""
    return results_of(rows_of(study), len(readers_of(study)))


def readers_of(study: ReadingList) -> list[UUID]:
    """Keys of the readers; the first is reader 1."""
    parts = study.parts.filter(part=ReaderPart.READER).order_by("position", "pk")
    return list(parts.values_list("reader", flat=True))


def rows_of(study: ReadingList) -> list[CaseRow]:
    """The cases that count (`reading.studies.counted_cases`), in the order of the study."""
    readers = readers_of(study)
    found, adjudicated = _findings(study)
    truths, answers = _truths(study), _answers(study)
    earlier = _earlier(study)
    cases = counted_cases(study).order_by("position", "pk")
    return [
        CaseRow(
            key=key,
            radiograph=radiograph,
            position=position,
            findings=tuple(found[key].get(reader, "") for reader in readers),
            adjudicated=adjudicated.get(key, ""),
            truth=truths.get(radiograph),
            model=answers.get(radiograph, ModelAnswer(None)),
            is_synthetic=is_synthetic,
            corrected=tuple(
                bool(earlier[key, reader] - {found[key].get(reader, "")}) for reader in readers
            ),
        )
        for key, radiograph, position, is_synthetic in cases.values_list(
            "pk", "radiograph", "position", "radiograph__is_synthetic"
        )
    ]


def _findings(study: ReadingList) -> tuple[Findings, dict[UUID, str]]:
    """Current findings by case and reader, and what the adjudicator said by case."""
    stated = RadiologicalReading.objects.current().filter(case__reading_list=study)
    found: Findings = defaultdict(dict)
    adjudicated: dict[UUID, str] = {}
    rows = stated.exclude(finding="").order_by("created_at")
    for case, reader, decides, finding in rows.values_list(
        "case", "reader", "is_adjudication", "finding"
    ):
        if decides:
            adjudicated[case] = finding
        else:
            found[case][reader] = finding
    return found, adjudicated


def _earlier(study: ReadingList) -> dict[tuple[UUID, UUID], set[str]]:
    """What each reader stated of each case and no longer does."""
    stated = RadiologicalReading.objects.filter(
        case__reading_list=study, is_current=False, is_adjudication=False
    )
    earlier: dict[tuple[UUID, UUID], set[str]] = defaultdict(set)
    rows = stated.exclude(finding="").order_by()
    for case, reader, finding in rows.values_list("case", "reader", "finding"):
        earlier[case, reader].add(finding)
    return earlier


def _truths(study: ReadingList) -> dict[UUID, bool]:
    known = GroundTruth.objects.current().filter(
        target=study.target_id,
        target_class__isnull=False,
        radiograph__list_cases__reading_list=study,
    )
    return dict(known.order_by().values_list("radiograph", "target_class__is_positive"))


def _answers(study: ReadingList) -> dict[UUID, ModelAnswer]:
    """The model's last answers, as of the day of closing where the study is closed: its figures
    then stay, whatever model serves later."""
    newest: dict[UUID, ModelAnswer] = {}
    for row in _predictions(study, study.closed_at).iterator():
        newest[row.radiograph_id] = _answer(row)
    return newest


def _predictions(study: ReadingList, until: datetime | None) -> QuerySet[Prediction]:
    ended = Prediction.objects.filter(
        target=study.target_id, status__in=ANSWERED, radiograph__list_cases__reading_list=study
    )
    in_time = Q(finished_at__lte=until) if until else Q()
    # Oldest first: the newest of each radiograph is written last.
    return (
        ended.filter(in_time)
        .select_related("model", "predicted_class")
        .order_by("created_at", "pk")
    )


def _answer(row: Prediction) -> ModelAnswer:
    if row.status != JobStatus.DONE or row.model is None or row.predicted_class is None:
        return ModelAnswer(None)
    near = row.probability is not None and is_near(row.probability, row.model.threshold)
    return ModelAnswer(
        row.predicted_class.is_positive, row.model.version, row.probability, is_uncertain=near
    )
