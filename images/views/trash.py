"""Out of sight, back again, or gone for good."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images import services
from images.models import Radiograph

PER_PAGE = 24


@require_safe
@requires(Capability.EDIT_RADIOGRAPHS)
def listing(request: UserRequest) -> HttpResponse:
    trashed = Radiograph.objects.editable_by(request.user).trashed().order_by("-trashed_at", "-pk")
    rows = trashed.with_current_truths().select_related("patient", "site", "trashed_by")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "images/trash.html", {"page": page})


@require_POST
@requires(Capability.EDIT_RADIOGRAPHS)
def trash_one(request: UserRequest, pk: UUID) -> HttpResponse:
    radiograph = get_object_or_404(Radiograph.objects.editable_by(request.user), pk=pk)
    services.trash(radiograph=radiograph, by=request.user)
    messages.success(request, _("The radiograph is in the trash; from there it can be restored."))
    return redirect("images:list")


@require_POST
@requires(Capability.EDIT_RADIOGRAPHS)
def restore(request: UserRequest, pk: UUID) -> HttpResponse:
    radiograph = get_object_or_404(Radiograph.objects.editable_by(request.user), pk=pk)
    services.restore(radiograph=radiograph, by=request.user)
    messages.success(request, _("The radiograph is restored."))
    return redirect(radiograph)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.EDIT_RADIOGRAPHS)
def delete(request: UserRequest, pk: UUID) -> HttpResponse:
    trashed = Radiograph.objects.editable_by(request.user).trashed().select_related("patient")
    radiograph = get_object_or_404(trashed, pk=pk)
    if request.method != "POST":
        return render(request, "images/delete.html", {"radiograph": radiograph})
    services.delete_for_good(radiograph=radiograph, by=request.user)
    messages.success(request, _("The radiograph is deleted for good."))
    return redirect("images:trash")
