"""Who a patient is: for the administrators of the patient's own institution, and nobody else."""

from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.models import Patient
from images.services.identities import reveal


@require_safe
@never_cache
@requires(Capability.REVEAL_IDENTITY)
@reauthentication_required  # type: ignore[untyped-decorator]
def identity(request: UserRequest, pk: UUID) -> HttpResponse:
    """Opens what was sealed at the door; asked for the password again, and each look is logged."""
    # Without an institution of one's own (`site` is None) no patient is found.
    own = Patient.objects.visible_to(request.user).filter(site=request.user.site)
    patient = get_object_or_404(own, pk=pk)
    revealed = reveal(patient=patient, by=request.user)
    return render(request, "images/identity.html", {"patient": patient, "revealed": revealed})
