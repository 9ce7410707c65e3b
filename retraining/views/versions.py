"""One version of the registry: its evidence, and each chart of it as a CSV file."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from retraining import room, version_page
from retraining.charts import chart_named, charts_of, csv_lines, threshold_chart
from retraining.models import ModelVersion


@require_safe
@requires(Capability.MANAGE_MODELS)
def version(request: UserRequest, pk: UUID) -> HttpResponse:
    shown = _version_or_404(request, pk)
    evaluation, target = shown.evaluation, shown.target
    context = {
        "version": shown,
        "target": target,
        "line": room.lines_of(target, [shown])[0],
        "evaluation": evaluation,
        "figures": version_page.figures_shown(shown),
        "comparison": version_page.comparison_of(evaluation),
        "charts": charts_of(evaluation, target),
        "threshold": threshold_chart(evaluation, target),
        "unsure": version_page.unsure_lines(evaluation),
        "unsure_classes": version_page.class_lines(evaluation, target),
        "splits": version_page.split_lines(shown.snapshot.counts if shown.snapshot else {}, target),
        "association": version_page.association_lines(
            shown.snapshot.association if shown.snapshot else {}
        ),
        "environment": version_page.environment_lines(shown.environment),
        "looks_count": room.looks_at(target, request.user).count(),
    }
    return render(request, "retraining/version.html", context)


@require_safe
@requires(Capability.MANAGE_MODELS)
def chart_csv(request: UserRequest, pk: UUID, name: str) -> HttpResponse:
    """The numbers of one chart, as a file."""
    shown = _version_or_404(request, pk)
    chart = chart_named(name, shown.evaluation, shown.target)
    if chart is None:
        raise Http404
    answer = HttpResponse("".join(csv_lines(chart)), content_type="text/csv; charset=utf-8")
    file_name = f"{shown.target.code}-{shown.number}-{chart.name}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return answer


def _version_or_404(request: UserRequest, pk: UUID) -> ModelVersion:
    rows = ModelVersion.objects.visible_to(request.user)
    loaded = rows.select_related("target", "run", "snapshot", "made_by")
    found: ModelVersion = get_object_or_404(loaded, pk=pk)
    return found
