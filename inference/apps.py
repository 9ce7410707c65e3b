from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InferenceConfig(AppConfig):
    name = "inference"
    verbose_name = _("Inference")

    def ready(self) -> None:
        from django.db.models.signals import post_delete

        from images.models import Radiograph
        from images.signals import image_ready
        from inference.models import Explanation

        image_ready.connect(_ask_for_predictions, dispatch_uid="inference.request_predictions")
        post_delete.connect(_forget_features, Radiograph, dispatch_uid="inference.forget_features")
        post_delete.connect(_forget_overlay, Explanation, dispatch_uid="inference.forget_overlay")


def _ask_for_predictions(radiograph: Any, pixels: Any = None, **_details: Any) -> None:
    from django.db import transaction

    from inference import inputs
    from inference.services import request_predictions

    if pixels is not None:
        # After the commit, so that no lock is held meanwhile; before the bell, which comes next.
        transaction.on_commit(lambda: inputs.hand_over(radiograph.pk, pixels))
    request_predictions(radiograph=radiograph)


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
