"""The rules that a version of a target must meet before it serves."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.models import Target
from retraining import services
from retraining.forms.rules import RulesForm
from retraining.snapshots.planning import rules_of


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.MANAGE_MODELS)
def rules(request: UserRequest, target: str) -> HttpResponse:
    shown = get_object_or_404(Target.objects.filter(is_active=True), code=target)
    data = request.POST if request.method == "POST" else None
    form = RulesForm(data, instance=rules_of(shown))
    if form.is_valid():
        services.change_rules(target=shown, by=request.user, **form.cleaned_data)
        messages.success(request, _("These rules hold from now on."))
        return redirect("retraining:target", shown.code)
    context = {"target": shown, "form": form}
    return render(request, "retraining/rules.html", context, status=400 if form.errors else 200)
