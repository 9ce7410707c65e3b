"""Where readers disagree, one person decides: one case after the other."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.audited import saw
from reading import services
from reading.errors import ReadingRefused
from reading.forms.studies import AdjudicationForm
from reading.models import Finding, ListCase, ReaderPart, ReadingList
from reading.models.case import ListCaseQuerySet
from reading.studies import part_of, to_adjudicate
from reading.study_words import LABELS


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.READ_CASES)
def adjudicate(request: UserRequest, pk: UUID) -> HttpResponse:
    """The first case that waits, or `case` of the address; a decision leads to the next one."""
    study = get_object_or_404(ReadingList.objects.visible_to(request.user).studies(), pk=pk)
    if part_of(study, request.user) != ReaderPart.ADJUDICATOR:
        raise PermissionDenied
    if request.method == "POST":
        return _decide(request, study)
    return _page(request, study, _case(request, study), AdjudicationForm())


def _case(request: UserRequest, study: ReadingList) -> ListCase | None:
    """The one after `after`, which is passed over for now; else the first."""
    waiting = to_adjudicate(study).filter(pk__in=_seen(request, study).values("pk"))
    waiting = waiting.select_related("radiograph__site", "radiograph__patient")
    try:
        after = int(request.GET.get("after", ""))
    except ValueError:
        return waiting.first()
    return waiting.filter(position__gt=after).first() or waiting.first()


def _seen(request: UserRequest, study: ReadingList) -> ListCaseQuerySet:
    return ListCase.objects.visible_to(request.user).filter(reading_list=study)


def _decide(request: UserRequest, study: ReadingList) -> HttpResponse:
    form = AdjudicationForm(request.POST)
    form.is_valid()
    if "case" not in form.cleaned_data:
        raise BadRequest
    cases = _seen(request, study).select_related("radiograph__site", "radiograph__patient")
    case = get_object_or_404(cases, pk=form.cleaned_data.pop("case"))
    if form.errors:
        return _page(request, study, case, form, status=400)
    try:
        services.adjudicate(case=case, by=request.user, **form.cleaned_data)
    except ReadingRefused as refused:
        messages.error(request, str(refused.sentence))
    else:
        finding = Finding(form.cleaned_data["finding"]).label
        messages.success(request, _("Decided: %(finding)s.") % {"finding": finding})
    return redirect(reverse("reading:study_adjudicate", args=[study.pk]))


def _page(
    request: UserRequest,
    study: ReadingList,
    case: ListCase | None,
    form: AdjudicationForm,
    status: int = 200,
) -> HttpResponse:
    readings = []
    if case is not None:
        saw(case.radiograph, request.user)
        seen = services.readings_of(case, request.user)
        readings = [(each, LABELS[each.finding]) for each in seen if not each.is_adjudication]
    context = {
        "study": study,
        "case": case,
        "readings": sorted(readings, key=lambda pair: pair[0].number),
        "form": form,
        "findings": Finding.choices,
        "waiting": to_adjudicate(study).count(),
    }
    return render(request, "reading/study_adjudicate.html", context, status=status)
