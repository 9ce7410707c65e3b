"""What the script of the reading page asks for: cases, and what becomes of each. JSON throughout.

Each answer is about one person's own turns and readings; others' look like missing ones.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec
from uuid import UUID

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import audit
from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from reading import services
from reading.errors import ChangedMeanwhile, NotAReader, NothingLeft, ReadingRefused
from reading.forms.turns import AnswerForm, DraftForm, FlagForm, HeldForm, VerdictForm
from reading.models import ListCase, RadiologicalReading, ReadingList, Turn
from reading.models.case import ListCaseQuerySet
from reading.models.turn import TurnQuerySet
from reading.telling import RELATED, case_model, own_reading, reading_told, turn_told

P = ParamSpec("P")
# Cases that the page holds beyond the one that is read, so that the next is there at once.
AHEAD: Final = 2


def spoken(
    view: Callable[Concatenate[UserRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A POST of who may read cases; what is refused comes as `{code, sentence}` with its status."""

    @wraps(view)
    def answered(request: UserRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except ChangedMeanwhile as changed:
            return _refusal(changed, reading=reading_told(changed.current))
        except ReadingRefused as refused:
            return _refusal(refused)
        except PermissionDenied:
            told = {
                "code": NotAReader.code,
                "sentence": _("You do not read the cases of this list."),
            }
            return JsonResponse(told, status=403)

    return require_POST(requires(Capability.READ_CASES)(answered))


def _refusal(refused: ReadingRefused, **more: Any) -> JsonResponse:
    told = {"code": refused.code, "sentence": str(refused.sentence), **more}
    return JsonResponse(told, status=refused.status)


@spoken
def held(request: UserRequest, pk: UUID) -> HttpResponse:
    """The case to read now and those after it, each held for this person.

    Told are those that the page does not have yet: it sends the keys of the others as `case`.
    """
    reading_list = get_object_or_404(ReadingList.objects.visible_to(request.user), pk=pk)
    try:
        turns = _take(request, reading_list)
    except NothingLeft as nothing:
        return _fine(cases=[], sentence=str(nothing.sentence))
    known = HeldForm(request.POST).cases
    keys = [turn.pk for turn in turns if turn.case_id not in known]
    rows = Turn.objects.select_related(*RELATED).in_bulk(keys)
    new = [rows[key] for key in keys if key in rows]
    for turn in new:
        note_seen(request, turn)
    return _fine(cases=[turn_told(turn, request.user) for turn in new])


def _take(request: UserRequest, reading_list: ReadingList) -> list[Turn]:
    first = services.next_turn(reader=request.user, reading_list=reading_list)
    ahead = services.hold_ahead(
        reader=request.user, reading_list=reading_list, count=AHEAD, turn=first
    )
    return [first, *ahead]


def note_seen(request: UserRequest, turn: Turn) -> None:
    """Whoever is handed a case has its picture."""
    film = turn.case.radiograph
    audit.note_sight(
        actor=request.user, subject="radiograph", subject_id=film.pk, site=film.site_id,
        patient_id=film.patient_id, way="page",
    )  # fmt: skip


@spoken
def answer(request: UserRequest, pk: UUID) -> HttpResponse:
    """The reader's finding; only now, where the list hides it, the model's answer goes out."""
    turn = _own_turn(request, pk)
    given = _given(AnswerForm(request.POST))
    stated = services.answer(
        turn=turn, finding=given["finding"], note=given["note"], seconds=given["seconds"],
        expected=given["expected"],
    )  # fmt: skip
    return _stated(turn.case, stated)


@spoken
def correct(request: UserRequest, pk: UUID) -> HttpResponse:
    """Another finding or note in the place of an own one."""
    reading = _own_reading(request, pk)
    given = _given(AnswerForm(request.POST))
    finding, note = given["finding"], given["note"]
    try:
        stated = services.correct(
            reading=reading, finding=finding, note=note, expected=given["expected"]
        )
    except ChangedMeanwhile as changed:
        stated = _said_before(changed, finding=finding, note=note)
    return _stated(reading.case, stated)


def _said_before(changed: ChangedMeanwhile, **said: str) -> RadiologicalReading:
    """What came twice, because its answer was lost on the way, is no conflict."""
    current = changed.current
    if current is None or any(getattr(current, name) != text for name, text in said.items()):
        raise changed
    return current


def _stated(case: ListCase, stated: RadiologicalReading) -> HttpResponse:
    return _fine(reading=reading_told(stated), model=case_model(case).told())


@spoken
def verdict(request: UserRequest, pk: UUID) -> HttpResponse:
    """Whether the reader agrees with the model, and if not, why."""
    reading = _own_reading(request, pk)
    given = _given(VerdictForm(request.POST, reading=reading))
    judged = services.judge_model(
        reading=reading, verdict=given["verdict"], disagreement=given["disagreement"],
        prediction=given["prediction"],
    )  # fmt: skip
    return _fine(reading=reading_told(judged))


@spoken
def undo(request: UserRequest, pk: UUID) -> HttpResponse:
    """Take an own finding back: the case is held again."""
    reading = _own_reading(request, pk)
    try:
        services.undo(reading=reading)
    except ChangedMeanwhile as changed:
        _said_before(changed, finding="")
    turn = get_object_or_404(_own_turns(request), case=reading.case_id)
    return _fine(reading=reading_told(own_reading(turn)))


@spoken
def draft(request: UserRequest, pk: UUID) -> HttpResponse:
    turn = _own_turn(request, pk)
    form = DraftForm(request.POST)
    _given(form)
    services.keep_draft(turn=turn, draft=form.to_draft())
    return _fine()


@spoken
def skip(request: UserRequest, pk: UUID) -> HttpResponse:
    services.skip(turn=_own_turn(request, pk))
    return _fine()


@spoken
def flag(request: UserRequest, pk: UUID) -> HttpResponse:
    turn = _own_turn(request, pk)
    services.flag(turn=turn, reason=_given(FlagForm(request.POST))["reason"])
    return _fine()


@spoken
def beat(request: UserRequest) -> HttpResponse:
    """The page is open and seen: its cases stay held. `lost` are those that another reader has."""
    lost: dict[str, str] = {}
    for case in _cases(request).filter(pk__in=HeldForm(request.POST).cases):
        try:
            services.extend(turn=_turn_of(request, case))
        except ReadingRefused as refused:
            lost[str(case.pk)] = str(refused.sentence)
    return _fine(lost=lost)


@spoken
def leave(request: UserRequest) -> HttpResponse:
    """The page was left: what it held is free for others."""
    for turn in _own_turns(request).filter(case__in=HeldForm(request.POST).cases):
        services.give_back(turn=turn)
    return _fine()


def _fine(**told: Any) -> JsonResponse:
    return JsonResponse({"ok": True, **told})


def _given(form: Any) -> dict[str, Any]:
    if not form.is_valid():
        raise BadRequest
    return dict(form.cleaned_data)


def _cases(request: UserRequest) -> ListCaseQuerySet:
    return ListCase.objects.visible_to(request.user).select_related("reading_list")


def _own_turns(request: UserRequest) -> TurnQuerySet:
    own = Turn.objects.filter(reader=request.user, case__in=_cases(request))
    return own.select_related(*RELATED)


def _own_turn(request: UserRequest, pk: UUID) -> Turn:
    return _turn_of(request, get_object_or_404(_cases(request), pk=pk))


def _turn_of(request: UserRequest, case: ListCase) -> Turn:
    """One's own, or a new one: another window of the same person may have given the case back."""
    turn = _own_turns(request).filter(case=case).first()
    return turn or services.take(case=case, reader=request.user)


def _own_reading(request: UserRequest, pk: UUID) -> RadiologicalReading:
    visible = RadiologicalReading.objects.visible_to(request.user)
    own = visible.filter(reader=request.user, is_adjudication=False)
    related = own.select_related("case__reading_list__target", "case__radiograph", "reader")
    reading: RadiologicalReading = get_object_or_404(related, pk=pk)
    return reading
