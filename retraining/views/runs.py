"""One training: its page, what the page asks for while it runs, and stop and go on."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from retraining import run_page, services
from retraining.charts.training import training_charts
from retraining.models import TrainingRun

MOST_EPOCHS: Final = 100_000


@require_safe
@requires(Capability.MANAGE_MODELS)
def run(request: UserRequest, pk: UUID) -> HttpResponse:
    shown = _run_or_404(request, pk)
    epochs = run_page.epochs_of(shown)
    context = {
        "run": shown,
        "target": shown.target,
        "stages": run_page.stages(shown),
        "live": run_page.live(shown, since=MOST_EPOCHS),
        "charts": training_charts(shown, epochs),
        "epochs": epochs,
        "failure": run_page.failure_of(shown),
        "version": getattr(shown, "version", None),
    }
    return render(request, "retraining/run.html", context)


@require_safe
@requires(Capability.MANAGE_MODELS)
def live(request: UserRequest, pk: UUID) -> HttpResponse:
    """JSON: epochs after `since`, stage, time left and the end of the log."""
    shown = _run_or_404(request, pk)
    since = request.GET.get("since", "0")
    if not (since.isascii() and since.isdigit() and int(since) <= MOST_EPOCHS):
        raise BadRequest
    return JsonResponse(run_page.live(shown, int(since)))


@require_safe
@requires(Capability.MANAGE_MODELS)
def epochs_csv(request: UserRequest, pk: UUID) -> HttpResponse:
    """All epochs, as a file."""
    shown = _run_or_404(request, pk)
    answer = HttpResponse(run_page.csv_of(shown), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="epochs-{shown.pk}.csv"'
    return answer


@require_POST
@requires(Capability.MANAGE_MODELS)
def cancel(request: UserRequest, pk: UUID) -> HttpResponse:
    shown = _run_or_404(request, pk)
    if services.cancel_run(run=shown, by=request.user):
        messages.success(request, _("The run was cancelled. The model in service is untouched."))
    else:
        messages.warning(request, _("The run had ended already."))
    return redirect("retraining:run", shown.pk)


@require_POST
@requires(Capability.MANAGE_MODELS)
def resume(request: UserRequest, pk: UUID) -> HttpResponse:
    shown = _run_or_404(request, pk)
    try:
        if not services.resume_run(run=shown, by=request.user):
            messages.warning(request, _("There is nothing to go on with: start a new run."))
    except services.RunOpen as opened:
        sentence = _("Another run of this target is under way. {link}")
        messages.error(request, format_html(sentence, link=_link_to(opened.run)))
    return redirect("retraining:run", shown.pk)


def _link_to(opened: TrainingRun) -> str:
    address = reverse("retraining:run", args=[opened.pk])
    return format_html('<a href="{}">{}</a>', address, _("Open that run"))


def _run_or_404(request: UserRequest, pk: UUID) -> TrainingRun:
    rows = TrainingRun.objects.visible_to(request.user)
    loaded = rows.select_related("target", "requested_by", "snapshot", "version")
    found: TrainingRun = get_object_or_404(loaded, pk=pk)
    return found
