"""The room of the models: all targets at a glance, and one target with its start and registry."""

from typing import Any, Final

from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.models import Target
from retraining import room, services, version_page
from retraining.forms.start import ChoiceOfModel, StartForm
from retraining.ml.architectures import BadRecipe
from retraining.models import ModelVersion, TrainingRun, Trigger
from retraining.snapshots.preflight import preflight as look_ahead
from retraining.snapshots.words import reason_of

PER_PAGE: Final = 20
LAST_RUNS: Final = 8
LAST_LOOKS: Final = 10


@require_safe
@requires(Capability.MANAGE_MODELS)
def dashboard(request: UserRequest) -> HttpResponse:
    cards = room.cards_of(_targets(), request.user)
    return render(request, "retraining/dashboard.html", {"cards": cards})


@require_safe
@requires(Capability.MANAGE_MODELS)
def target(request: UserRequest, target: str) -> HttpResponse:
    shown = get_object_or_404(_targets(), code=target)
    return render(request, "retraining/target.html", _about(request, shown, StartForm()))


@require_safe
@requires(Capability.MANAGE_MODELS)
def preflight(request: UserRequest, target: str) -> HttpResponse:
    """The piece that says what a start would meet, for what the form has chosen."""
    shown = get_object_or_404(_targets(), code=target)
    form = ChoiceOfModel(request.GET)
    if not form.is_valid():
        raise BadRequest
    chosen = form.cleaned_data
    found = look_ahead(shown, chosen["architecture"], chosen["extractor"])
    plan = found.plan
    context = {
        "target": shown,
        "found": found,
        "parts": version_page.split_lines(plan.counts, shown),
        "breakdowns": version_page.breakdown_lines(plan.counts),
        "association": version_page.association_lines(plan.association),
        "set_aside": [(reason_of(code), n) for code, n in plan.set_aside.items()],
    }
    return render(request, "retraining/_preflight.html", context)


@require_POST
@requires(Capability.MANAGE_MODELS)
def start(request: UserRequest, target: str) -> HttpResponse:
    """A second start is refused with the way to the run that is under way."""
    shown = get_object_or_404(_targets(), code=target)
    form = StartForm(request.POST)
    if not form.is_valid():
        return _refused(request, shown, form, 400)
    try:
        run = services.request_run(
            target=shown, architecture=form.cleaned_data["architecture"],
            extractor=form.cleaned_data["extractor"], overrides=form.overrides(),
            by=request.user, trigger=Trigger.PAGE,
        )  # fmt: skip
    except services.RunOpen as opened:
        return _refused(request, shown, form, 409, opened=opened.run)
    except BadRecipe:
        form.add_error(None, _("This architecture cannot be trained with these values."))
        return _refused(request, shown, form, 400)
    return redirect("retraining:run", run.pk)


def _targets() -> Any:
    return Target.objects.filter(is_active=True)


def _refused(
    request: UserRequest, shown: Target, form: StartForm, status: int, **facts: Any
) -> HttpResponse:
    context = _about(request, shown, form) | facts
    return render(request, "retraining/target.html", context, status=status)


def _about(request: UserRequest, shown: Target, form: StartForm) -> dict[str, Any]:
    versions = ModelVersion.objects.visible_to(request.user).filter(target=shown)
    page = Paginator(versions.select_related("made_by", "run"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    runs = TrainingRun.objects.visible_to(request.user).filter(target=shown)
    looks = room.looks_at(shown, request.user)
    return {
        "target": shown,
        "form": form,
        "card": room.card_of(shown, request.user),
        "page": page,
        "versions": room.lines_of(shown, page.object_list),
        "runs": runs.select_related("version", "requested_by")[:LAST_RUNS],
        "looks": looks[:LAST_LOOKS],
        "looks_count": looks.count(),
    }
