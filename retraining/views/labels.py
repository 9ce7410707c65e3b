"""The queue of suspected labels: look, let the label stand, or go and correct it; search again."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import STOP_POLLING, UserRequest
from images.models import Target
from inference.models import DeployedModel
from retraining import services
from retraining.forms.labels import CheckForm, KeepForm, SuspectFilterForm
from retraining.models import LabelCheck, SuspectedLabel, SuspectedLabelQuerySet, SuspectState
from retraining.reasons import sentence_of
from retraining.telling import suspect_rows

PER_PAGE: Final = 24
SHOWN: Final = (
    "radiograph__patient", "radiograph__site", "truth__target", "truth__target_class",
    "truth__supersedes__target_class", "truth__supersedes__target", "judged_by",
)  # fmt: skip


@require_safe
@requires(Capability.REVIEW_LABELS)
def listing(request: UserRequest) -> HttpResponse:
    """Suspected labels of the person's institutions, the least likely label first."""
    form = SuspectFilterForm(request.GET)
    asked = form.asked()
    found = _asked_for(SuspectedLabel.objects.visible_to(request.user), asked)
    ordered = found.select_related(*SHOWN).order_by("-score", "-created_at", "pk")
    page = Paginator(ordered, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "state": asked["state"],
        "page": page,
        "rows": suspect_rows(list(page.object_list), request.user),
        "checks": [_last_check(target) for target in Target.objects.filter(is_active=True)],
        "query": request.GET.urlencode(),
    }
    return render(request, "retraining/labels.html", context)


def _asked_for(rows: SuspectedLabelQuerySet, asked: dict[str, Any]) -> SuspectedLabelQuerySet:
    rows = rows.filter(state=asked["state"])
    if asked["state"] == SuspectState.OPEN:
        rows = rows.filter(truth__is_current=True)
    if asked["reason"]:
        rows = rows.filter(suspicion=asked["reason"])
    return rows.filter(truth__target=asked["target"]) if asked["target"] else rows


@require_POST
@requires(Capability.REVIEW_LABELS)
def judge(request: UserRequest, pk: UUID) -> HttpResponse:
    """The label stands. Who wants to correct it does so in the truth's own form."""
    form = KeepForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    suspect = get_object_or_404(SuspectedLabel.objects.visible_to(request.user), pk=pk)
    kept = services.judge_suspect(
        suspect=suspect, by=request.user, verdict=SuspectState.KEPT,
        note_text=form.cleaned_data["note"],
    )  # fmt: skip
    if kept:
        messages.success(request, _("The label stands. It is not suspected for this reason again."))
    else:
        messages.warning(request, _("Somebody else has looked at this label already."))
    return redirect(f"{reverse('retraining:labels')}?{_filters(request)}")


def _filters(request: UserRequest) -> str:
    """The filters of the list, parsed and written anew: nothing else of what was sent."""
    sent = QueryDict(request.POST.get("query", ""))
    kept = QueryDict(mutable=True)
    for name in ("state", "reason", "target", "page"):
        if value := sent.get(name):
            kept[name] = value
    return kept.urlencode()


@require_POST
@requires(Capability.REVIEW_LABELS)
def start_check(request: UserRequest) -> HttpResponse:
    form = CheckForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    services.request_label_check(target=form.cleaned_data["target"], by=request.user)
    return redirect("retraining:labels")


@require_safe
@requires(Capability.REVIEW_LABELS)
def check(request: UserRequest, target: UUID) -> HttpResponse:
    """The piece about the last check of a target; it asks again by itself while one is open."""
    shown = get_object_or_404(Target.objects.filter(is_active=True), pk=target)
    last = _last_check(shown)
    context = {"last": last}
    is_open = last["check"] is not None and last["check"].is_open
    status = 200 if is_open else STOP_POLLING
    return render(request, "retraining/_label_check.html", context, status=status)


def _last_check(target: Target) -> dict[str, Any]:
    last = LabelCheck.objects.filter(target=target).order_by("-created_at", "-pk").first()
    failure = sentence_of(last.error_code) if last and last.status == "failed" else ""
    return {
        "target": target,
        "check": last,
        "failure": failure,
        "model": DeployedModel.objects.live(target),
    }
