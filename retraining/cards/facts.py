"""The card of a model: what it is, what it learned from, how well it does, and what it is not for.

Sections as in Mitchell et al. 2019, "Model Cards for Model Reporting". `card_of` gathers the facts
once, as JSON without words of one language; `card_sections` writes them for people. Nothing of a
patient is in it: counts alone.
"""

from collections.abc import Mapping
from typing import Any, Final

from images.models import Target
from inference.artifact_store import kept_folder, read_manifest
from inference.ml.errors import ArtifactRefused
from inference.ml.manifest import Manifest
from retraining import vault
from retraining.models import DatasetSnapshot, ModelVersion, ShortcutAudit, TrainingRun
from retraining.pipeline.limits import limits_of

SCHEMA: Final = 1
# Curves and cuts stay on the page of the version: a card is to be read.
OF_EVALUATION: Final = (
    "n", "positives", "patients", "threshold", "temperature", "figures", "confusion", "groups",
    "conformal", "left_out_sites", "site_prediction", "comparison",
)  # fmt: skip


def card_of(version: ModelVersion) -> dict[str, Any]:
    """JSON-ready. What is not known of a version (taken in from elsewhere, or its files are gone)
    is null. Reads `version.target`, `run` and `snapshot`; loads no torch."""
    manifest = _manifest_of(version)
    return {
        "schema": SCHEMA,
        "model": _model(version, manifest),
        "data": _data(version.snapshot) if version.snapshot else None,
        "training": _training(version.run, manifest),
        "evaluation": _evaluation(version.evaluation),
        "vault_looks": vault.looks(version.target),
        "audit": _audit(version),
        "limits": _limits(version, manifest),
        "hashes": _hashes(version, manifest),
        "environment": version.environment or None,
    }


def _manifest_of(version: ModelVersion) -> Manifest | None:
    try:
        return read_manifest(kept_folder(version.artifact))
    except (ArtifactRefused, OSError):
        return None


def _model(version: ModelVersion, manifest: Manifest | None) -> dict[str, Any]:
    target = version.target
    return {
        "version": version.version,
        "target": {
            "code": target.code, "es": target.name_es, "en": target.name_en,
            "confirming_test": target.confirming_test,
        },
        "classes": _classes(target),
        "architecture": version.architecture,
        "extractor": version.extractor,
        "preprocessing": manifest.preprocessing_version if manifest else None,
        "origin": version.origin,
        "made_at": version.created_at.isoformat(timespec="seconds"),
    }  # fmt: skip


def _classes(target: Target) -> list[dict[str, Any]]:
    return [
        {"code": row.code, "es": row.name_es, "en": row.name_en, "positive": row.is_positive}
        for row in target.classes.order_by("position", "code")
    ]


def _data(snapshot: DatasetSnapshot) -> dict[str, Any]:
    return {
        "snapshot": snapshot.sha256,
        "frozen_at": snapshot.created_at.isoformat(timespec="seconds"),
        "size": snapshot.size,
        "counts": snapshot.counts,
        "imbalance": snapshot.imbalance,
        "association": snapshot.association,
        "flags": snapshot.flags,
        "set_aside": snapshot.set_aside,
    }


def _training(run: TrainingRun | None, manifest: Manifest | None) -> dict[str, Any] | None:
    if run is None and manifest is None:
        return None
    return {
        "lane": run.lane if run else None,
        "asked": run.spec if run else None,
        "seconds": run.seconds if run else None,
        "epochs": run.epochs.count() if run else None,
        "recipe": dict(manifest.training) if manifest else None,
    }


def _evaluation(found: Mapping[str, Any]) -> dict[str, Any] | None:
    return {name: found.get(name) for name in OF_EVALUATION} if found else None


def _audit(version: ModelVersion) -> dict[str, Any] | None:
    audit = ShortcutAudit.objects.filter(version=version).first()
    if audit is None:
        return None
    return {"status": audit.status, "has_passed": audit.has_passed, "result": audit.result}


def _limits(version: ModelVersion, manifest: Manifest | None) -> list[dict[str, str]]:
    """As written into the artifact; without its files, of the snapshot."""
    if manifest is not None:
        return [dict(each) for each in manifest.limits]
    return [dict(each) for each in limits_of(version.snapshot)] if version.snapshot else []


def _hashes(version: ModelVersion, manifest: Manifest | None) -> dict[str, str | None]:
    return {
        "artifact": version.sha256,
        "weights": version.weights_sha256,
        "backbone": (manifest.backbone_sha256 or None) if manifest else None,
        "extractor": (manifest.extractor_weights_sha256 or None) if manifest else None,
        "snapshot": version.snapshot.sha256 if version.snapshot else None,
    }
