"""The piece about the shortcut audit of one version, and the button that asks for it again."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import STOP_POLLING, UserRequest
from retraining import services
from retraining.models import ModelVersion, ShortcutAudit
from retraining.shortcut_words import films_said, words_of


@require_safe
@requires(Capability.MANAGE_MODELS)
def audit(request: UserRequest, pk: UUID) -> HttpResponse:
    """Asks again by itself while the audit is open."""
    version = get_object_or_404(ModelVersion.objects.visible_to(request.user), pk=pk)
    found = ShortcutAudit.objects.visible_to(request.user).filter(version=version).first()
    words = words_of(found)
    context = {
        "version": version,
        "words": words,
        "films": films_said(found) if found and words.looks else "",
        "may_ask": version.snapshot_id is not None,
    }
    if found and found.is_open:
        return render(request, "retraining/_audit.html", context)
    ended = render(request, "retraining/_audit.html", context, status=STOP_POLLING)
    # The gate beside it asks again: it may have waited for this.
    return trigger_client_event(ended, "auditEnded")


@require_POST
@requires(Capability.MANAGE_MODELS)
def again(request: UserRequest, pk: UUID) -> HttpResponse:
    version = get_object_or_404(ModelVersion.objects.visible_to(request.user), pk=pk)
    services.request_audit(version=version, by=request.user)
    return redirect("retraining:version", pk=version.pk)
