"""Reader studies: the list, a new one, one of them, changing and closing it."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Site
from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.models import Radiograph
from reading.forms.studies import ChangeForm, ChosenInListForm, SiteForm, StudyForm
from reading.models import ReaderPart, ReadingList
from reading.services import studies as services
from reading.studies import (
    adjudicators_of,
    may_export,
    may_see_results,
    part_of,
    progress_of,
    standing_of,
)
from reading.study_errors import StudyRefused
from reading.study_words import choice_in_words

PER_PAGE = 25


@require_safe
@requires(Capability.READ_CASES)
def listing(request: UserRequest) -> HttpResponse:
    """Readers see the studies they have a part in, who manages studies all of them."""
    studies = ReadingList.objects.visible_to(request.user).studies().select_related("site")
    page = Paginator(studies, PER_PAGE).get_page(request.GET.get("page"))
    rows = [(study, part_of(study, request.user), progress_of(study)) for study in page]
    return render(request, "reading/study_list.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.MANAGE_STUDIES)
def new(request: UserRequest) -> HttpResponse:
    """The list posts what was chosen there; the form posts that again, with all the rest."""
    sent = ChosenInListForm(request.POST or request.GET)
    site = _site(request, sent)
    if site is None:
        return _site_page(request, sent)
    is_sent = request.method == "POST" and "name" in request.POST
    data = request.POST if is_sent else None
    form = StudyForm(data, site=site, ticked=sent.ticked, query=sent.filters)
    if not form.is_valid():
        return _form_page(request, form, sent, site)
    try:
        study = services.create_study(by=request.user, site=site, **form.to_service())
    except StudyRefused as refusal:
        form.refuse(refusal)
        return _form_page(request, form, sent, site)
    messages.success(request, _("The study is there: its readers find it among their studies."))
    left_out = study.protocol.get("left_out_without_consent")
    if left_out:
        told = _("Left out, because the patient withdrew the consent: %(number)d.")
        messages.info(request, told % {"number": left_out})
    return redirect("reading:study", study.pk)


def _site(request: UserRequest, sent: ChosenInListForm) -> Site | None:
    """The own institution; for who sees all, the one named, or else that of what was ticked."""
    if not request.user.is_platform_wide:
        return request.user.site
    named = SiteForm(request.POST or request.GET, user=request.user)
    if named.is_valid():
        return cast(Site, named.cleaned_data["site"])
    ticked = Radiograph.objects.visible_to(request.user).filter(pk__in=sent.ticked)
    first = ticked.select_related("site").first()
    return first.site if first else None


def _site_page(request: UserRequest, sent: ChosenInListForm) -> HttpResponse:
    """What the list sent is carried on, also when it is asked for the institution first."""
    context = {"form": SiteForm(user=request.user), "chosen": sent, "method": "get"}
    if request.method == "POST":
        context["method"] = "post"
    return render(request, "reading/study_site.html", context)


def _form_page(
    request: UserRequest, form: StudyForm, sent: ChosenInListForm, site: Site
) -> HttpResponse:
    context = {
        "form": form,
        "chosen": sent,
        "ticked": len(sent.ticked),
        "site": site,
        "names_site": request.user.is_platform_wide,
    }
    return render(request, "reading/study_new.html", context, status=400 if form.errors else 200)


@require_safe
@requires(Capability.READ_CASES)
def study(request: UserRequest, pk: UUID) -> HttpResponse:
    return render(request, "reading/study.html", _about(request, _visible(request, pk)))


def _about(request: UserRequest, study: ReadingList) -> dict[str, Any]:
    part, user = part_of(study, request.user), request.user
    progress = progress_of(study)
    own = next((each for each in progress if each.part.reader_id == user.pk), None)
    is_manager = user.can(Capability.MANAGE_STUDIES)
    sees_results = may_see_results(study, user)
    return {
        "study": study,
        "standing": standing_of(study),
        "progress": progress,
        "own": own,
        "adjudicators": adjudicators_of(study),
        "decides": part == ReaderPart.ADJUDICATOR,
        "is_manager": is_manager,
        "may_change": is_manager and not study.closed_at and not services.has_readings(study),
        "sees_results": sees_results,
        "may_export": may_export(study, user),
        # How cases were chosen tells readers how many positive ones to expect.
        "choice": choice_in_words(study) if sees_results else [],
    }


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.MANAGE_STUDIES)
def change(request: UserRequest, pk: UUID) -> HttpResponse:
    """Possible until somebody has read."""
    study = _visible(request, pk)
    form = ChangeForm(request.POST if request.method == "POST" else None, study=study)
    if form.is_valid():
        try:
            services.change_study(study=study, by=request.user, **form.to_rules())
        except StudyRefused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The study is changed."))
            return redirect("reading:study", study.pk)
    context = {"form": form, "study": study}
    return render(request, "reading/study_change.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.MANAGE_STUDIES)
def close(request: UserRequest, pk: UUID) -> HttpResponse:
    """First what is still open, then it is done, for good."""
    study = _visible(request, pk)
    if request.method != "POST":
        context = {"study": study, "standing": standing_of(study), "progress": progress_of(study)}
        return render(request, "reading/study_close.html", context)
    if services.close_study(study=study, by=request.user):
        messages.success(request, _("The study is closed: its readers see the results now."))
    return redirect("reading:study", study.pk)


def _visible(request: UserRequest, pk: UUID) -> ReadingList:
    visible = ReadingList.objects.visible_to(request.user).studies()
    return get_object_or_404(visible.select_related("site", "target", "created_by"), pk=pk)
