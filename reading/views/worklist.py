"""The worklist of an institution: what waits, why so, whose it is, and what was set aside."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Site
from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from reading import services
from reading.errors import ReadingRefused
from reading.forms.worklist import SHOWN, AssignForm, ShowForm, SiteForm
from reading.models import ListCase, ReadingList
from reading.telling import ModelAnswer, model_answers
from reading.worklist import ASIDE, counts_of, days_waiting, page_of


@require_safe
@requires(Capability.READ_CASES)
def worklist(request: UserRequest) -> HttpResponse:
    """The own institution's; who sees all of them chooses one."""
    chosen = SiteForm(request.GET if "site" in request.GET else None, user=request.user)
    site = _site(request, chosen)
    if site is None:
        return render(request, "reading/choose_site.html", {"form": chosen})
    made = services.worklist_of(site)
    reading_list = get_object_or_404(ReadingList.objects.visible_to(request.user), pk=made.pk)
    return render(request, "reading/worklist.html", _context(request, reading_list))


def _site(request: UserRequest, chosen: SiteForm) -> Site | None:
    if not request.user.is_platform_wide:
        return request.user.site
    return chosen.cleaned_data["site"] if chosen.is_valid() else None


def _context(request: UserRequest, reading_list: ReadingList) -> dict[str, Any]:
    asked = ShowForm(request.GET)
    visible = ListCase.objects.visible_to(request.user).filter(reading_list=reading_list)
    page = page_of(reading_list, request.user, show=asked.shown, after=asked.anchor(visible))
    models = _models(reading_list, page.rows)
    return {
        "reading_list": reading_list,
        "counts": counts_of(reading_list, request.user),
        "page": page,
        "rows": [
            (case, days_waiting(case.radiograph), models.get(case.radiograph_id))
            for case in page.rows
        ],
        "show": asked.shown,
        "shown": SHOWN,
        "is_aside": asked.shown == ASIDE,
        "assign_form": AssignForm(reading_list=reading_list, user=request.user),
        "names_site": request.user.is_platform_wide,
        "may_rule": request.user.can(Capability.MANAGE_STUDIES),
    }


def _models(reading_list: ReadingList, cases: list[ListCase]) -> dict[UUID, ModelAnswer]:
    """The model's answers, where readers may know them before they read."""
    films = [] if reading_list.hides_model else [case.radiograph for case in cases]
    return model_answers(films, reading_list.target)


@require_POST
@requires(Capability.READ_CASES)
def assign(request: UserRequest, pk: UUID) -> HttpResponse:
    """Ticked cases go to one colleague, or to anybody."""
    reading_list = _visible(request, pk)
    form = AssignForm(request.POST, reading_list=reading_list, user=request.user)
    if not form.is_valid():
        for problems in form.errors.values():
            messages.error(request, str(problems[0]))
        return _back(request, reading_list)
    try:
        number = services.assign(
            cases=form.cleaned_data["key"], to=form.cleaned_data["to"], by=request.user
        )
    except ReadingRefused as refused:
        messages.error(request, str(refused.sentence))
    else:
        messages.success(request, _assigned(number, form.cleaned_data["to"]))
    return _back(request, reading_list)


def _assigned(number: int, person: object) -> str:
    if person is None:
        return ngettext(
            "%(number)d case is for anybody now.", "%(number)d cases are for anybody now.", number
        ) % {"number": number}
    return ngettext(
        "%(number)d case waits for %(person)s now.",
        "%(number)d cases wait for %(person)s now.",
        number,
    ) % {"number": number, "person": person}


@require_POST
@requires(Capability.READ_CASES)
def put_back(request: UserRequest, pk: UUID) -> HttpResponse:
    """A case that was set aside is read again."""
    visible = ListCase.objects.visible_to(request.user).select_related("reading_list__site")
    case = get_object_or_404(visible, pk=pk, reading_list__in=ReadingList.objects.worklists())
    if services.put_back(case=case, by=request.user):
        messages.success(request, _("The case waits to be read again."))
    else:
        messages.info(request, _("The case was not set aside any more."))
    return _back(request, case.reading_list, show=ASIDE)


def _visible(request: UserRequest, pk: UUID) -> ReadingList:
    lists = ReadingList.objects.visible_to(request.user).worklists().select_related("site")
    return get_object_or_404(lists, pk=pk)


def _back(request: UserRequest, reading_list: ReadingList, show: str = "") -> HttpResponse:
    wanted = {"show": show or ShowForm(request.GET).shown}
    if request.user.is_platform_wide:
        wanted["site"] = str(reading_list.site_id)
    return redirect(reverse("reading:worklist", query=wanted))
