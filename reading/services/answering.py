"""What a reader found: answered, corrected, taken back; rows are only ever added."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.audit import Deed
from inference.models import Prediction, Standing
from reading.errors import BuiltUpon, CaseAway, ChangedMeanwhile, HoldLost, ReadingRefused
from reading.models import (
    CaseState,
    Disagreement,
    Finding,
    ListCase,
    ModelVerdict,
    RadiologicalReading,
    Turn,
    TurnState,
)
from reading.services.deciding import is_adjudicated, settle
from reading.services.places import (
    HOLD,
    claim,
    is_readable,
    locked,
    refuse_closed,
    refuse_strangers,
)
from reading.services.recording import add_reading, current_of, note_deed


def answer(
    *,
    turn: Turn,
    finding: str,
    note: str = "",
    seconds: float | None = None,
    expected: UUID | None = None,
) -> RadiologicalReading:
    """State `finding` (a `Finding`) for the turn's reader; the turn is answered, the case settled.

    A hold that ran out is no matter while a place is free. The same answer twice is one answer.
    `expected`: key of the reading of theirs that the reader was shown, None for none.

    Raises HoldLost where somebody else has the case now, and ChangedMeanwhile where the reader
    answered otherwise in another window: the answer is then kept as the turn's draft. Raises
    ListClosed, CaseAway and BuiltUpon (likewise), ValueError for an unknown finding.
    """
    Finding(finding)
    with _draft_kept(turn, {"finding": finding, "note": note}), transaction.atomic():
        case = locked(turn.case_id)
        refuse_strangers(turn.reader, case.reading_list)
        mine = current_of(case, turn.reader)
        if mine is not None and _says(mine, finding, note):
            return mine
        _refuse_changed(case, mine, expected)
        _sit_down(turn, case)
        added = add_reading(case, turn.reader, finding, mine, note=note, seconds=seconds)
        settle(case)
        return added


@contextmanager
def _draft_kept(turn: Turn, draft: dict[str, str]) -> Iterator[None]:
    """What was refused stays on the turn, beyond the transaction that the refusal ends."""
    try:
        yield
    except ReadingRefused:
        Turn.objects.filter(pk=turn.pk).update(draft=draft, updated_at=timezone.now())
        raise


def _says(reading: RadiologicalReading, finding: str, note: str) -> bool:
    return (reading.finding, reading.note) == (finding, note)


def _refuse_changed(
    case: ListCase, mine: RadiologicalReading | None, expected: UUID | None
) -> None:
    """Raises ChangedMeanwhile where a reading stands that the reader was not shown, BuiltUpon."""
    stands = mine is not None and bool(mine.finding)
    shown = {None} if mine is None else {mine.pk} if stands else {None, mine.pk}
    if expected not in shown:
        raise ChangedMeanwhile(mine)
    if stands and is_adjudicated(case):
        raise BuiltUpon


def _sit_down(turn: Turn, case: ListCase) -> None:
    """Make the reader's turn an answered one. Raises CaseAway, HoldLost."""
    row = Turn.objects.filter(case=case, reader=turn.reader_id).first()
    holds = row is not None and row.state in (TurnState.HELD, TurnState.ANSWERED)
    is_away = case.state == CaseState.FLAGGED and not holds
    if is_away or case.state == CaseState.WITHDRAWN or not is_readable(case):
        raise CaseAway
    now = timezone.now()
    if row is None or not holds:
        row = claim(case, turn.reader, now)
    if row is None:
        raise HoldLost
    row.state, row.answered_at, row.draft = TurnState.ANSWERED, now, {}
    row.save(update_fields=["state", "answered_at", "draft", "updated_at"])


@transaction.atomic
def correct(
    *,
    reading: RadiologicalReading,
    finding: str,
    note: str = "",
    expected: UUID | None = None,
) -> RadiologicalReading:
    """Another finding of the same reader, which supersedes `reading`.

    `expected`: key of the row that the reader was shown, `reading`'s by default. Raises
    ChangedMeanwhile(current) where another stands now, BuiltUpon after an adjudication, ListClosed,
    ValueError for an unknown finding.
    """
    Finding(finding)
    case, current = _standing(reading, expected)
    if _says(current, finding, note):
        return current
    added = add_reading(
        case, reading.reader, finding, current,
        note=note, seconds=current.seconds, is_adjudication=current.is_adjudication,
    )  # fmt: skip
    settle(case)
    return added


@transaction.atomic
def undo(*, reading: RadiologicalReading) -> None:
    """Take it back: a row without finding supersedes it, and its reader holds the case again.

    The note becomes the draft. Raises ChangedMeanwhile where it is not the current one, BuiltUpon,
    ListClosed.
    """
    case, current = _standing(reading, None)
    add_reading(case, reading.reader, "", current, is_adjudication=current.is_adjudication)
    if not current.is_adjudication:
        now = timezone.now()
        # `taken_at` stays: what was undone comes before what is held already.
        Turn.objects.filter(case=case, reader=reading.reader_id, state=TurnState.ANSWERED).update(
            state=TurnState.HELD, held_until=now + HOLD, answered_at=None, updated_at=now,
            draft={"note": current.note} if current.note else {},
        )  # fmt: skip
    settle(case)


def _standing(
    reading: RadiologicalReading, expected: UUID | None
) -> tuple[ListCase, RadiologicalReading]:
    """The locked case, and its reader's reading, which must be the one that they were shown."""
    case = locked(reading.case_id)
    refuse_closed(case.reading_list)
    current = current_of(case, reading.reader, is_adjudication=reading.is_adjudication)
    if current is None or not current.finding or current.pk != (expected or reading.pk):
        raise ChangedMeanwhile(current)
    if not current.is_adjudication and is_adjudicated(case):
        raise BuiltUpon
    return case, current


@transaction.atomic
def judge_model(
    *,
    reading: RadiologicalReading,
    verdict: str,
    disagreement: str = "",
    prediction: Prediction | None = None,
) -> RadiologicalReading:
    """Note what the reader says of the model's answer (`prediction`, or the newest one).

    `verdict`: a `ModelVerdict`; `disagreement`: a `Disagreement`, with "disagrees" only. May be
    said again. Raises ChangedMeanwhile, ListClosed, BuiltUpon, ValueError for unknown words, and
    where no model answered this radiograph and question.
    """
    _refuse_unknown(verdict, disagreement)
    case, current = _standing(reading, None)
    judged = _answer_of_model(case, prediction)
    before = {"verdict": current.verdict, "disagreement": current.disagreement}
    after = {"verdict": verdict, "disagreement": disagreement}
    if (before, current.prediction_id) == (after, judged.pk):
        return current
    current.verdict, current.disagreement, current.prediction = verdict, disagreement, judged
    current.save(update_fields=["verdict", "disagreement", "prediction", "updated_at"])
    note_deed(case, reading.reader, Deed.CHANGED, before, after, current)
    return current


def _refuse_unknown(verdict: str, disagreement: str) -> None:
    if disagreement:
        Disagreement(disagreement)
    if ModelVerdict(verdict) == ModelVerdict.AGREES and disagreement:
        raise ValueError("who agrees with the model gives no reason for disagreeing")


def _answer_of_model(case: ListCase, prediction: Prediction | None) -> Prediction:
    target = case.reading_list.target_id
    if prediction is None:
        rows = Standing.objects.filter(radiograph=case.radiograph_id, target=target)
        standing = rows.select_related("prediction").first()
        prediction = standing.prediction if standing else None
    if prediction is None:
        raise ValueError("no model answered this radiograph")
    if (prediction.radiograph_id, prediction.target_id) != (case.radiograph_id, target):
        raise ValueError("the answer to another radiograph or question")
    return prediction
