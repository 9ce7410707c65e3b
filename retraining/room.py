"""What the pages about models show, gathered from the rows: dashboard, target, version."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy as _

from core.jobs import OPEN_STATUSES
from images.models import Target
from inference.models import DeployedModel, Duty
from retraining.charts.words import Figure, figures_of
from retraining.models import (
    DriftReport,
    ModelVersion,
    RetrainingPlan,
    TrainingRun,
    VaultLook,
)
from retraining.plan_words import skipped_in_words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from accounts.models import User

LAST_VERSIONS: Final = 3
HEADLINES: Final = ("auc", "sensitivity", "specificity")
SERVES: "Final[StrOrPromise]" = _("In service")
IN_SHADOW: "Final[StrOrPromise]" = _("Scores in the shadow")
SERVED: "Final[StrOrPromise]" = _("Served before")


@dataclass(frozen=True)
class VersionLine:
    """A version as lists show it. `duty`: live, shadow, before or empty."""

    version: ModelVersion
    duty: str
    figures: list[Figure]

    @property
    def duty_name(self) -> "StrOrPromise":
        return {"live": SERVES, "shadow": IN_SHADOW, "before": SERVED}.get(self.duty, "")


@dataclass(frozen=True)
class TargetCard:
    """One target on the dashboard."""

    target: Target
    live: DeployedModel | None
    live_version: ModelVersion | None
    open_run: TrainingRun | None
    last_run: TrainingRun | None
    versions: list[VersionLine]
    skipped: list[str]
    drifting: list[DriftReport]


def cards_of(targets: Iterable[Target], user: "User") -> list[TargetCard]:
    return [card_of(target, user) for target in targets]


def card_of(target: Target, user: "User") -> TargetCard:
    runs = TrainingRun.objects.visible_to(user).filter(target=target)
    versions = ModelVersion.objects.visible_to(user).filter(target=target)
    live = DeployedModel.objects.live(target)
    plan = RetrainingPlan.objects.filter(target=target, is_on=True).first()
    return TargetCard(
        target=target,
        live=live,
        live_version=version_of(live, user),
        open_run=open_run(target, user),
        last_run=runs.first(),
        versions=lines_of(target, versions[:LAST_VERSIONS]),
        skipped=skipped_in_words(plan) if plan else [],
        drifting=drifting(target, user),
    )


def open_run(target: Target, user: "User") -> TrainingRun | None:
    runs = TrainingRun.objects.visible_to(user)
    run: TrainingRun | None = runs.filter(target=target, status__in=OPEN_STATUSES).first()
    return run


def version_of(model: DeployedModel | None, user: "User") -> ModelVersion | None:
    """The row of the registry whose artifact serves; the baseline that ships has none."""
    if model is None or not model.sha256:
        return None
    own = ModelVersion.objects.visible_to(user).filter(target=model.target, sha256=model.sha256)
    version: ModelVersion | None = own.first()
    return version


def drifting(target: Target, user: "User") -> list[DriftReport]:
    """Institutions whose newest look found something, of the last look alone."""
    reports = DriftReport.objects.visible_to(user).filter(target=target)
    newest = reports.first()
    if newest is None:
        return []
    last = reports.filter(check_job=newest.check_job_id).select_related("site")
    return [report for report in last.order_by("site__name") if report.alerts]


def lines_of(target: Target, versions: Iterable[ModelVersion]) -> list[VersionLine]:
    duties = duties_of(target)
    return [
        VersionLine(version, duties.get(version.sha256, ""), headlines(version.figures))
        for version in versions
    ]


def headlines(figures: dict[str, Any]) -> list[Figure]:
    return figures_of({code: figures.get(code) for code in HEADLINES})


def duties_of(target: Target) -> dict[str, str]:
    """What each artifact does now, by its hash: live, shadow, or before."""
    activated = DeployedModel.objects.filter(target=target)
    duties = dict.fromkeys(
        activated.filter(duty=Duty.LIVE).values_list("sha256", flat=True), "before"
    )
    shadows = activated.filter(duty=Duty.SHADOW, ended_at=None)
    duties |= dict.fromkeys(shadows.values_list("sha256", flat=True), "shadow")
    live = DeployedModel.objects.live(target)
    return duties | ({live.sha256: "live"} if live else {})


def looks_at(target: Target, user: "User") -> Any:
    """Every look at the test labels, the newest first."""
    looks = VaultLook.objects.visible_to(user).filter(target=target)
    return looks.select_related("looked_by", "snapshot")
