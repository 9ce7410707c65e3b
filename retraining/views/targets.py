"""A question that an administrator defines beside those that ship with the platform."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from retraining import services
from retraining.forms.targets import TargetForm


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.MANAGE_MODELS)
def new(request: UserRequest) -> HttpResponse:
    form = TargetForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            target = services.create_target(by=request.user, **form.to_service())
        except services.TargetRefused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The target is there. Its cases can be confirmed now."))
            return redirect("retraining:target", target.code)
    status = 400 if form.errors else 200
    return render(request, "retraining/target_new.html", {"form": form}, status=status)
