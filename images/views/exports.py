"""What a person took out of the house, and which of it is to be deleted by now."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.models import Export
from images.services.export_record import gone_from

PER_PAGE = 24
IDS_PER_PAGE = 200


@require_safe
@requires(Capability.EXPORT_CASES)
def listing(request: UserRequest) -> HttpResponse:
    exports = Export.objects.visible_to(request.user).select_related("owner")
    page = Paginator(exports.with_gone(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "images/exports.html", {"page": page})


@require_safe
@requires(Capability.EXPORT_CASES)
def one(request: UserRequest, pk: UUID) -> HttpResponse:
    visible = Export.objects.visible_to(request.user).select_related("owner")
    export = get_object_or_404(visible, pk=pk)
    gone = gone_from(export)
    page = Paginator(gone, IDS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"export": export, "page": page, "gone": len(gone)}
    return render(request, "images/export.html", context)
