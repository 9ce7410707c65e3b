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

        image_ready.connect(_ask_for_predictions, dispatch_uid="inference.request_predictions")
        post_delete.connect(_forget_features, Radiograph, dispatch_uid="inference.forget_features")


def _ask_for_predictions(radiograph: Any, **_details: Any) -> None:
    from inference.services import request_predictions

    request_predictions(radiograph=radiograph)


def _forget_features(instance: Any, **_details: Any) -> None:
    from django.db import transaction

    from inference.features import forget

    pixels = instance.pixel_sha256
    transaction.on_commit(lambda: forget(pixels))
