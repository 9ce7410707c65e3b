"""How the worklist of an institution is read."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from reading import services
from reading.forms.rules import WorklistRulesForm
from reading.models import ReadingList


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.MANAGE_STUDIES)
def rules(request: UserRequest, pk: UUID) -> HttpResponse:
    visible = ReadingList.objects.visible_to(request.user).worklists().select_related("site")
    reading_list = get_object_or_404(visible, pk=pk)
    data = request.POST if request.method == "POST" else None
    form = WorklistRulesForm(data, reading_list=reading_list)
    if form.is_valid():
        services.change_rules(reading_list=reading_list, by=request.user, **form.cleaned_data)
        messages.success(request, _("The worklist is read by these rules from now on."))
        site = {"site": str(reading_list.site_id)} if request.user.is_platform_wide else {}
        return redirect(reverse("reading:worklist", query=site))
    context = {"reading_list": reading_list, "form": form}
    return render(request, "reading/rules.html", context, status=400 if form.errors else 200)
