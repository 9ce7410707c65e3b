"""Institutions: the list, a new one, one changed."""

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import services
from accounts.forms import SiteForm
from accounts.models import Site
from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest


@require_safe
@requires(Capability.MANAGE_ACCOUNTS)
def sites(request: UserRequest) -> HttpResponse:
    rows = Site.objects.visible_to(request.user).annotate(
        people_count=Count("people", filter=Q(people__is_active=True))
    )
    return render(request, "accounts/sites.html", {"sites": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.MANAGE_ACCOUNTS)
def create_site(request: UserRequest) -> HttpResponse:
    if not request.user.is_platform_wide:
        raise PermissionDenied
    form = SiteForm(
        request.POST or None, initial={"name": request.GET.get("name", "")}, by=request.user
    )
    if form.is_valid():
        services.create_site(by=request.user, **form.cleaned_data)
        messages.success(request, _("The institution is created."))
        return redirect("accounts:sites")
    return render(request, "accounts/site_form.html", {"form": form}, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.MANAGE_ACCOUNTS)
def edit_site(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    site = get_object_or_404(Site.objects.visible_to(request.user), pk=pk)
    form = SiteForm(request.POST or None, instance=site, by=request.user)
    if form.is_valid():
        services.edit_site(site=site, by=request.user, **form.cleaned_data)
        messages.success(request, _("The institution is changed."))
        return redirect("accounts:sites")
    context = {"form": form, "site": site}
    return render(request, "accounts/site_form.html", context, status=status_of(form))


def status_of(form: SiteForm) -> int:
    return 400 if form.is_bound else 200
