"""Versions of the registry with artifacts that load, and evidence as a test needs it."""

import hashlib
import shutil
from pathlib import Path

from django.conf import settings

from core.jobs import JobStatus
from images.models import Target
from inference.artifact_store import identity_of, keep
from inference.models import DeployedModel
from retraining.models import (
    DatasetSnapshot,
    Division,
    ModelVersion,
    ShortcutAudit,
    TrainingRun,
)
from tests.engines import manifest_of

CODES = ("no-covid-19", "covid-19")


def figure(value: float | None, spread: float = 0.02) -> dict[str, float | None]:
    if value is None:
        return {"value": None, "low": None, "high": None}
    return {"value": value, "low": value - spread, "high": min(1.0, value + spread)}


def comparison_with(live: DeployedModel, difference: float = 0.01, low: float | None = None):
    return {
        "version": live.version, "sha256": live.sha256, "difference": difference,
        "low": difference - 0.02 if low is None else low, "high": difference + 0.02, "p": 0.4,
        "test": "delong", "figures": {"auc": figure(0.95)}, "may_have_seen": False,
    }  # fmt: skip


def evaluation(live: DeployedModel | None = None, **changes) -> dict:
    """What a run writes, as far as the gate reads it: good in every way."""
    figures = {
        "accuracy": figure(0.95), "sensitivity": figure(0.93), "specificity": figure(0.97),
        "ppv": figure(0.9), "npv": figure(0.97), "auc": figure(0.985), "f1": figure(0.92),
        "brier": figure(0.04),
    }  # fmt: skip
    facts = {
        "schema": 1, "n": 181, "positives": 60, "patients": 150, "classes": list(CODES),
        "positive": "covid-19", "threshold": 0.5, "temperature": 1.0, "figures": figures,
        "comparison": comparison_with(live) if live else None,
    }  # fmt: skip
    return facts | changes


def make_snapshot(target: Target, name: str = "a") -> DatasetSnapshot:
    """The row alone, without cases."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    found, _created = DatasetSnapshot.objects.get_or_create(
        target=target, sha256=digest, defaults={"division": Division.objects.current()}
    )
    return found


def put_artifact(version: str, target: Target, width: int = 0, **changes) -> tuple[str, str]:
    """A real artifact below ARTIFACTS_DIR: its folder's name and the hash of its manifest.

    A logistic head: a hundred kilobytes, made in a few milliseconds.
    """
    import torch

    from inference.ml.artifact import save
    from inference.ml.extractor import VGG16_BLOCK5
    from inference.ml.heads import build_head

    torch.manual_seed(int(hashlib.sha256(version.encode()).hexdigest()[:6], 16))
    codes = tuple(target.classes.order_by("position", "code").values_list("code", flat=True))
    facts = {
        "target": target.code, "classes": codes, "positive": target.positive_class.code,
        "architecture": "logistic",
    }  # fmt: skip
    manifest = manifest_of(version, **(facts | changes))
    part = Path(settings.ARTIFACTS_DIR) / f".{version}.part"
    shutil.rmtree(part, ignore_errors=True)
    save(part, manifest, build_head("logistic", VGG16_BLOCK5.dimensions, len(codes)))
    sha256 = identity_of(part)
    return keep(part, target=target.code, version=version), sha256


def make_version(
    target: Target,
    number: int = 1,
    *,
    live: DeployedModel | None = None,
    audit: bool | None = True,
    run: TrainingRun | None = None,
    has_snapshot: bool = True,
    **changes,
) -> ModelVersion:
    """`live`: what it is compared with. `audit`: passed, failed, or None for none.

    `changes`: of its evaluation.
    """
    name = f"{target.code}-{number}"
    artifact, sha256 = put_artifact(name, target)
    evidence = evaluation(live, **changes)
    version = ModelVersion.objects.create(
        target=target, number=number, version=name, run=run, architecture="logistic",
        extractor="vgg16-block5", artifact=artifact, sha256=sha256,
        weights_sha256=hashlib.sha256(name.encode()).hexdigest(), figures=evidence["figures"],
        evaluation=evidence, snapshot=make_snapshot(target) if has_snapshot else None,
    )  # fmt: skip
    if audit is not None:
        ShortcutAudit.objects.create(version=version, status=JobStatus.DONE, has_passed=audit)
    return version


def serve(version: ModelVersion) -> DeployedModel:
    """In service, past the gate."""
    from inference.services import activate

    folder = Path(settings.ARTIFACTS_DIR) / version.artifact
    return activate(target=version.target, artifact_dir=folder, by=None, reason="test")
