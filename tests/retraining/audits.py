"""A version with an artifact that answers, a snapshot of real rows, and films with hidden parts."""

from images.models import Radiograph
from inference import features
from inference.ml.extractor import VGG16_BLOCK5
from retraining.ml.hiding import BORDERS, LUNGS
from retraining.models import DatasetSnapshot, ModelVersion, PromotionRules, SnapshotCase
from retraining.services.snapshots import take_snapshot
from tests.retraining import versions
from tests.retraining.cases import DIRECTION, divide_the_same_way, make_cases, vector


def audited_cases(uploader, target, *, drawn=False) -> list[Radiograph]:
    """80 patients, every second one positive; features of films as they are."""
    PromotionRules.objects.get_or_create(target=target, defaults={"min_patients": 4})
    films = make_cases(uploader, 80, drawn=drawn)
    divide_the_same_way(films)
    return films


def make_version(target, **changes) -> ModelVersion:
    """A head that weighs the very direction that tells the cases apart."""
    version = versions.make_version(target, audit=None, **changes)
    version.snapshot = take_snapshot(target=target)
    version.artifact, version.sha256 = _artifact(target)
    version.save()
    return version


def _artifact(target) -> tuple[str, str]:
    import shutil
    from pathlib import Path

    import torch
    from django.conf import settings

    from inference.artifact_store import identity_of, keep
    from inference.ml.artifact import save
    from inference.ml.heads import build_head
    from tests.engines import manifest_of

    codes = tuple(target.classes.order_by("position", "code").values_list("code", flat=True))
    positive = codes.index(target.positive_class.code)
    head = build_head("logistic", VGG16_BLOCK5.dimensions, len(codes))
    with torch.no_grad():
        (layer,) = head.linear_layers()
        layer.weight.zero_()
        layer.bias.zero_()
        layer.weight[positive] = torch.from_numpy(DIRECTION / 1000).float()
    manifest = manifest_of(
        "audited", target=target.code, classes=codes, positive=target.positive_class.code,
        architecture="logistic",
    )  # fmt: skip
    part = Path(settings.ARTIFACTS_DIR) / ".audited.part"
    shutil.rmtree(part, ignore_errors=True)
    save(part, manifest, head)
    sha256 = identity_of(part)
    return keep(part, target=target.code, version="audited"), sha256


def keep_hidden(films: list[Radiograph], region: str, strength: float) -> None:
    """Features of films with a region hidden, which still tell the classes apart by `strength`."""
    from retraining.hidden_films import hidden_key

    spec = VGG16_BLOCK5
    features.keep_many(
        {
            hidden_key(film.pixel_sha256, spec.code, spec.preprocessing_version, region): vector(
                10_000 + number, number % 2 == 0, strength
            )
            for number, film in enumerate(films)
        }
    )


def keep_all_hidden(films: list[Radiograph], lungs: float = 0.0, borders: float = 0.25) -> None:
    keep_hidden(films, LUNGS, lungs)
    keep_hidden(films, BORDERS, borders)


def size_of_test(snapshot: DatasetSnapshot) -> int:
    return SnapshotCase.objects.filter(snapshot=snapshot, split="test").count()
