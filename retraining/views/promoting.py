"""Putting a version in service, in the shadow, beside the model that serves, or taking it back."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import STOP_POLLING, UserRequest
from images.models import Target
from retraining import services
from retraining.forms.promoting import PromoteForm, RollbackForm, ShadowForm
from retraining.models import ModelVersion, Promotion
from retraining.promotion import page as promotion_page
from retraining.promotion.words import refusal_in_words

if TYPE_CHECKING:
    from django.forms import Form


@require_safe
@requires(Capability.MANAGE_MODELS)
def gate(request: UserRequest, pk: UUID) -> HttpResponse:
    """The piece with the rules; it asks again by itself while an attempt is open (else 286)."""
    shown = promotion_page.about_version(_version_or_404(request, pk), request.user)
    return _piece(request, "retraining/_gate.html", shown)


@require_safe
@requires(Capability.MANAGE_MODELS)
def service(request: UserRequest, target: str) -> HttpResponse:
    """The piece about which model serves a target, and the way back."""
    shown = promotion_page.about_target(_target_or_404(target), request.user)
    return _piece(request, "retraining/_service.html", shown)


@require_safe
@requires(Capability.MANAGE_MODELS)
def promotion(request: UserRequest, pk: UUID) -> HttpResponse:
    """The piece about one attempt."""
    rows = Promotion.objects.visible_to(request.user).select_related("version", "requested_by")
    found: Promotion = get_object_or_404(rows, pk=pk)
    status = 200 if found.is_open else STOP_POLLING
    context = {"line": promotion_page.line_of(found)}
    return render(request, "retraining/_promotion.html", context, status=status)


@require_POST
@requires(Capability.MANAGE_MODELS)
def promote(request: UserRequest, pk: UUID) -> HttpResponse:
    version = _version_or_404(request, pk)
    form = PromoteForm(request.POST, target=version.target)
    if _is_said(request, form):
        said = form.cleaned_data
        _ask(request, lambda: services.request_promotion(version=version, by=request.user, **said))
    return redirect("retraining:version", version.pk)


@require_POST
@requires(Capability.MANAGE_MODELS)
def shadow(request: UserRequest, pk: UUID) -> HttpResponse:
    version = _version_or_404(request, pk)
    form = ShadowForm(request.POST)
    if _is_said(request, form):
        reason = form.cleaned_data["reason"]
        _ask(
            request,
            lambda: services.request_shadow(version=version, by=request.user, reason=reason),
        )
    return redirect("retraining:version", version.pk)


@require_POST
@requires(Capability.MANAGE_MODELS)
def shadow_stop(request: UserRequest, pk: UUID) -> HttpResponse:
    version = _version_or_404(request, pk)
    if services.stop_shadow(version=version, by=request.user):
        messages.success(request, _("It scores no more. What it said is kept."))
    else:
        messages.warning(request, _("It did not score in the shadow."))
    return redirect("retraining:version", version.pk)


@require_POST
@requires(Capability.MANAGE_MODELS)
def compare(request: UserRequest, pk: UUID) -> HttpResponse:
    version = _version_or_404(request, pk)
    _ask(request, lambda: services.request_comparison(version=version, by=request.user))
    return redirect("retraining:version", version.pk)


@require_POST
@requires(Capability.MANAGE_MODELS)
def rollback(request: UserRequest, target: str) -> HttpResponse:
    served = _target_or_404(target)
    form = RollbackForm(request.POST, target=served)
    if _is_said(request, form):
        said = form.cleaned_data
        _ask(request, lambda: services.request_rollback(target=served, by=request.user, **said))
    return redirect("retraining:target", served.code)


def _piece(request: UserRequest, template: str, shown: dict[str, Any]) -> HttpResponse:
    """Once what it `waits` for has ended, the page around it is loaded again: its heading, figures
    and lists tell of the model in service too."""
    if shown["is_open"]:
        return render(request, template, shown)
    answer = render(request, template, shown, status=STOP_POLLING)
    if "waits" in request.GET:
        answer.headers["HX-Refresh"] = "true"
    return answer


def _ask(request: UserRequest, verb: Callable[[], Any]) -> None:
    """What is refused is told; what is begun shows itself on the page."""
    try:
        verb()
    except services.PromotionRefused as refused:
        messages.error(request, refusal_in_words(refused))


def _is_said(request: UserRequest, form: "Form") -> bool:
    """Whether all that the verb needs was typed; raises BadRequest for what no page sends."""
    if form.is_valid():
        return True
    if set(form.errors) != {"reason"}:
        raise BadRequest
    messages.error(request, _("Write the reason, in 200 letters at most."))
    return False


def _version_or_404(request: UserRequest, pk: UUID) -> ModelVersion:
    rows = ModelVersion.objects.visible_to(request.user).select_related("target", "snapshot")
    found: ModelVersion = get_object_or_404(rows, pk=pk)
    return found


def _target_or_404(code: str) -> Target:
    return get_object_or_404(Target.objects.filter(is_active=True), code=code)
