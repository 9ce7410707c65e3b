"""Filters of the list under a name: one's own, and those that colleagues share."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.forms.lists import SavedFilterForm
from images.models import SavedFilter


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def saved(request: UserRequest) -> HttpResponse:
    visible = SavedFilter.objects.visible_to(request.user).select_related("owner")
    return render(request, "images/saved_filters.html", {"saved_filters": visible})


@require_POST
@requires(Capability.VIEW_RADIOGRAPHS)
def save(request: UserRequest) -> HttpResponse:
    """Keep the filters of `query` under a name."""
    form = SavedFilterForm(request.POST, owner=request.user)
    if not form.is_valid():
        return render(request, "images/saved_filter.html", {"form": form}, status=400)
    kept = form.save(commit=False)
    kept.query = form.cleaned_data["query"]
    kept.save()
    messages.success(request, _("The filter is saved."))
    return redirect(kept.get_absolute_url())


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.VIEW_RADIOGRAPHS)
def change(request: UserRequest, pk: UUID) -> HttpResponse:
    """Another name, or shared or not; only by who saved it."""
    kept = get_object_or_404(SavedFilter.objects.filter(owner=request.user), pk=pk)
    data = request.POST if request.method == "POST" else None
    form = SavedFilterForm(data, owner=request.user, saved=kept)
    if form.is_valid():
        form.save()
        messages.success(request, _("The changes are stored."))
        return redirect("images:saved_filters")
    context = {"form": form, "saved_filter": kept}
    return render(request, "images/saved_filter.html", context, status=400 if form.errors else 200)


@require_POST
@requires(Capability.VIEW_RADIOGRAPHS)
def delete(request: UserRequest, pk: UUID) -> HttpResponse:
    kept = get_object_or_404(SavedFilter.objects.filter(owner=request.user), pk=pk)
    kept.delete()
    messages.success(request, _("The filter is deleted."))
    return redirect("images:saved_filters")
