"""Batches of files: the list of one's own, a new one, one that goes on, and away with one."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from core.jobs import OPEN_STATUSES, JobStatus
from images.forms.batches import BatchForm
from images.models import UploadBatch
from images.services import batches as services
from images.views.batch_words import words

PER_PAGE = 24
# Stands in addresses where the page puts an id.
NOWHERE = UUID(int=0)


@require_safe
@requires(Capability.ADD_RADIOGRAPHS)
def batches(request: UserRequest) -> HttpResponse:
    seen = UploadBatch.objects.visible_to(request.user).select_related("owner", "site")
    counted = seen.order_by("-created_at", "-pk").annotate(
        files_count=Count("files"),
        done_count=Count("files", Q(files__status=JobStatus.DONE)),
        failed_count=Count("files", Q(files__status=JobStatus.FAILED)),
        open_count=Count("files", Q(files__status__in=OPEN_STATUSES)),
    )
    page = Paginator(counted, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "images/batches.html", {"page": page})


@require_safe
@requires(Capability.ADD_RADIOGRAPHS)
def batch_new(request: UserRequest) -> HttpResponse:
    return _batch_page(request, None)


@require_safe
@requires(Capability.ADD_RADIOGRAPHS)
def batch(request: UserRequest, pk: UUID) -> HttpResponse:
    seen = UploadBatch.objects.visible_to(request.user).select_related("owner", "site")
    return _batch_page(request, get_object_or_404(seen, pk=pk))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.ADD_RADIOGRAPHS)
def batch_delete(request: UserRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(UploadBatch.objects.changeable_by(request.user), pk=pk)
    if request.method != "POST":
        return render(request, "images/batch_delete.html", {"batch": found})
    services.delete_batch(batch=found)
    return redirect("images:batches")


def _batch_page(request: UserRequest, found: UploadBatch | None) -> HttpResponse:
    is_own = found is None or found.owner_id == request.user.pk
    context = {
        "batch": found,
        "is_own": is_own,
        "takes_files": is_own and (found is None or found.is_open),
        "form": BatchForm(user=request.user) if found is None else None,
        "table_url": _address("images:table_new"),
        "config": _config(request, found, is_own=is_own),
        "words": words(),
    }
    return render(request, "images/batch.html", context)


def _config(request: UserRequest, found: UploadBatch | None, *, is_own: bool) -> dict[str, Any]:
    """What the page's script needs to know (platform/static/js/batch/page.mjs)."""
    return {
        "batch": str(found.pk) if found else None,
        "isOpen": found is None or found.is_open,
        "isOwn": is_own,
        "user": str(request.user.pk),
        "batches": reverse("api-batches-list").rstrip("/") + "/",
        "page": reverse("images:batch", args=[NOWHERE]),
        "radiograph": reverse("images:detail", args=[NOWHERE]),
        "states": _address("inference:states"),
        "uppy": static("vendor/uppy-6.0.1/uppy.min.mjs"),
        "hasher": static("js/batch/hash_worker.mjs"),
    }


def _address(name: str) -> str:
    """Of a page of another room, which need not be there."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
