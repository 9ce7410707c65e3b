from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InferenceConfig(AppConfig):
    name = "inference"
    verbose_name = _("Inference")

    def ready(self) -> None:
        from images.signals import image_ready

        image_ready.connect(_ask_for_predictions, dispatch_uid="inference.request_predictions")


def _ask_for_predictions(radiograph: Any, **_details: Any) -> None:
    from inference.services import request_predictions

    request_predictions(radiograph=radiograph)
