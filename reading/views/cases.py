"""The reading page: one case after the other, by the keyboard. Its script does the rest."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from reading.forms.turns import NOTE_LENGTH, REASON_LENGTH
from reading.models import Disagreement, Finding, ListCase, ReaderPart, ReadingList, Turn, TurnState
from reading.telling import RELATED, turn_told
from reading.views.reading_words import words

NO_ONE: Final = UUID(int=0)
# What was read so lately still belongs to this sitting, also after the page was loaded again.
ONE_SITTING: Final = timedelta(hours=2)
PAST_SHOWN: Final = 5


@require_safe
@requires(Capability.READ_CASES)
def read(request: UserRequest, pk: UUID) -> HttpResponse:
    lists = ReadingList.objects.visible_to(request.user).select_related("site", "target")
    reading_list = get_object_or_404(lists, pk=pk)
    if not _reads(request, reading_list):
        raise PermissionDenied
    context = {
        "reading_list": reading_list,
        "findings": list(enumerate(Finding, start=1)),
        "disagreements": list(enumerate(Disagreement, start=1)),
        "config": _config(request, reading_list),
        "words": words(),
        "past": _past(request, reading_list),
        "note_length": NOTE_LENGTH,
        "reason_length": REASON_LENGTH,
    }
    return render(request, "reading/read.html", context)


def _reads(request: UserRequest, reading_list: ReadingList) -> bool:
    if not reading_list.is_study:
        return True
    return reading_list.parts.filter(reader=request.user, part=ReaderPart.READER).exists()


def _config(request: UserRequest, reading_list: ReadingList) -> dict[str, Any]:
    """Addresses for the script; NO_ONE stands in the place of a turn's or a reading's key."""
    of_case = {name: _address(name) for name in ("answer", "draft", "skip", "flag")}
    of_reading = {name: _address(name) for name in ("correct", "verdict", "undo")}
    return {
        "held": reverse("reading:held", args=[reading_list.pk]),
        "beat": reverse("reading:beat"),
        "leave": reverse("reading:leave"),
        "nobody": str(NO_ONE),
        "hidesModel": reading_list.hides_model,
        **of_case,
        **of_reading,
    }


def _address(name: str) -> str:
    return reverse(f"reading:{name}", args=[NO_ONE])


def _past(request: UserRequest, reading_list: ReadingList) -> list[dict[str, Any]]:
    """The last cases of this sitting, oldest first, to be looked at and corrected."""
    now = timezone.now()
    visible = ListCase.objects.visible_to(request.user).filter(reading_list=reading_list)
    answered = Turn.objects.filter(
        reader=request.user, state=TurnState.ANSWERED, answered_at__gte=now - ONE_SITTING,
        held_until__gte=now - timedelta(days=1), case__in=visible,
    )  # fmt: skip
    rows = answered.select_related(*RELATED).order_by("-answered_at")[:PAST_SHOWN]
    return [turn_told(turn, request.user) for turn in reversed(rows)]
