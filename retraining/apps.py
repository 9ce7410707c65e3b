from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetrainingConfig(AppConfig):
    name = "retraining"
    verbose_name = _("Retraining")

    def ready(self) -> None:
        from images.signals import truth_stated

        truth_stated.connect(_close_suspicions, dispatch_uid="retraining.close_suspicions")


def _close_suspicions(radiograph: Any, truth: Any, **_details: Any) -> None:
    from retraining.services import close_corrected

    close_corrected(radiograph=radiograph, by=truth.entered_by)
