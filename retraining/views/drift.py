"""Whether what institutions send still looks like what the model in service learned from."""

from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import STOP_POLLING, UserRequest
from core.jobs import JobStatus
from images.models import Target
from inference.models import DeployedModel
from retraining import services
from retraining.drift.words import lines_of
from retraining.models import DriftCheck, DriftReport
from retraining.reasons import sentence_of

EARLIER_CHECKS: Final = 12


@require_safe
@requires(Capability.MANAGE_MODELS)
def drift(request: UserRequest, target: str) -> HttpResponse:
    """The page; asked by the piece itself (htmx), the piece alone, until the check ended (286)."""
    shown = get_object_or_404(Target.objects.filter(is_active=True), code=target)
    context = _about(request, shown)
    if not request.htmx:
        return render(request, "retraining/drift.html", context)
    status = 200 if context["is_open"] else STOP_POLLING
    return render(request, "retraining/_drift.html", context, status=status)


@require_POST
@requires(Capability.MANAGE_MODELS)
def check(request: UserRequest, target: str) -> HttpResponse:
    shown = get_object_or_404(Target.objects.filter(is_active=True), code=target)
    services.request_drift_check(target=shown, by=request.user)
    return redirect("retraining:drift", shown.code)


def _about(request: UserRequest, target: Target) -> dict[str, Any]:
    checks = DriftCheck.objects.visible_to(request.user).filter(target=target)
    last = checks.order_by("-created_at", "-pk").first()
    done = checks.filter(status=JobStatus.DONE).order_by("-created_at", "-pk")
    reports = DriftReport.objects.visible_to(request.user).select_related("site", "model")
    newest = done.first()
    own = reports.filter(check_job=newest).order_by("site__name") if newest else []
    earlier = reports.filter(check_job__in=list(done[1:EARLIER_CHECKS]))
    return {
        "target": target,
        "live": DeployedModel.objects.live(target),
        "last": last,
        "is_open": last is not None and last.is_open,
        "failure": sentence_of(last.error_code) if last and last.status == "failed" else "",
        "newest": newest,
        "lines": lines_of(own),
        "earlier": lines_of(earlier.order_by("-created_at", "site__name")),
    }
