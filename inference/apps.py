from functools import partial
from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InferenceConfig(AppConfig):
    name = "inference"
    verbose_name = _("Inference")
    bulk_verbs = ("inference.bulk.AskAgain",)

    def ready(self) -> None:
        from django.db.models.signals import post_delete

        from images.filters import RadiographFilter
        from images.models import Radiograph
        from images.signals import images_ready, owners_asked, pixels_replaced, waiting_asked
        from inference.filters import RadiographsByPrediction
        from inference.models import Explanation

        RadiographFilter.contribute("prediction", RadiographsByPrediction())
        images_ready.connect(_ask_for_predictions, dispatch_uid="inference.request_predictions")
        pixels_replaced.connect(_start_over, dispatch_uid="inference.start_over")
        owners_asked.connect(_own_overlays, dispatch_uid="inference.own_overlays")
        waiting_asked.connect(_tell_of_waiting, dispatch_uid="inference.tell_of_waiting")
        post_delete.connect(_forget_features, Radiograph, dispatch_uid="inference.forget_features")
        post_delete.connect(_forget_overlay, Explanation, dispatch_uid="inference.forget_overlay")


def _ask_for_predictions(radiographs: Any, pixels: Any, **_details: Any) -> None:
    from django.db import transaction

    from inference import inputs
    from inference.services import request_predictions

    # After the commit, so that no lock is held meanwhile; before the bell, which comes next.
    for key, own in pixels.items():
        transaction.on_commit(partial(inputs.hand_over, key, own))
    request_predictions(radiographs=radiographs)


def _start_over(radiograph: Any, pixels: Any, before: str, **_details: Any) -> None:
    from inference.services import start_over

    start_over(radiograph=radiograph, pixels=pixels, before=before)


def _own_overlays(names: Any, **_details: Any) -> set[str]:
    from inference.models import Explanation

    return set(Explanation.objects.filter(overlay__in=names).values_list("overlay", flat=True))


def _tell_of_waiting(**_details: Any) -> bool:
    """Of open predictions, whatever their urgency: also what a new model answers again keeps the
    engine busy. One that rests after a failure waits all the same."""
    from inference.models import Prediction

    return Prediction.objects.waiting().exists()


def _forget_features(instance: Any, **_details: Any) -> None:
    from django.db import transaction

    from inference import features, inputs

    pixels, key = instance.pixel_sha256, instance.pk
    transaction.on_commit(lambda: features.forget(pixels))
    transaction.on_commit(lambda: inputs.forget([key]))


def _forget_overlay(instance: Any, **_details: Any) -> None:
    from django.db import transaction

    from inference.services.explain import forget_overlay

    name = instance.overlay.name
    transaction.on_commit(lambda: forget_overlay(name))
