"""The piece about training a version again, and the button that asks for it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import STOP_POLLING, UserRequest
from retraining import services
from retraining.models import ModelVersion, Reproduction
from retraining.reproduction_words import words_of


@require_safe
@requires(Capability.MANAGE_MODELS)
def reproduction(request: UserRequest, pk: UUID) -> HttpResponse:
    """The last one; it asks again by itself while it is open."""
    version = get_object_or_404(ModelVersion.objects.visible_to(request.user), pk=pk)
    found = Reproduction.objects.visible_to(request.user).filter(version=version).first()
    may_ask = version.snapshot_id is not None and version.run_id is not None
    context = {"version": version, "words": words_of(found), "may_ask": may_ask}
    status = 200 if found and found.is_open else STOP_POLLING
    return render(request, "retraining/_reproduction.html", context, status=status)


@require_POST
@requires(Capability.MANAGE_MODELS)
def reproduce(request: UserRequest, pk: UUID) -> HttpResponse:
    version = get_object_or_404(ModelVersion.objects.visible_to(request.user), pk=pk)
    services.request_reproduction(version=version, by=request.user)
    return redirect("retraining:version", pk=version.pk)
