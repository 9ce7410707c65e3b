"""When a target is retrained without anybody asking."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.models import Target
from retraining import plan_words, services
from retraining.forms.schedule import PlanForm
from retraining.models import RetrainingPlan


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.MANAGE_MODELS)
def schedule(request: UserRequest, target: str) -> HttpResponse:
    shown = get_object_or_404(Target.objects.filter(is_active=True), code=target)
    plan = RetrainingPlan.objects.filter(target=shown).select_related("last_run").first()
    data = request.POST if request.method == "POST" else None
    form = PlanForm(data, instance=plan or RetrainingPlan(target=shown))
    if form.is_valid():
        services.change_plan(target=shown, by=request.user, **form.cleaned_data)
        messages.success(request, _("The schedule was saved."))
        return redirect("retraining:schedule", shown.code)
    context = {
        "target": shown,
        "form": form,
        "plan": plan,
        "state": plan_words.state_of(plan),
        "occasions": plan_words.occasions_of(plan) if plan else [],
        "skipped": plan_words.skipped_in_words(plan) if plan else [],
    }
    return render(request, "retraining/schedule.html", context, status=400 if form.errors else 200)
