from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImagesConfig(AppConfig):
    name = "images"
    verbose_name = _("Images")
    bulk_verbs = (
        "images.bulk.label.Label",
        "images.bulk.assign.Assign",
        "images.bulk.export.Export",
        "images.bulk.trash.Trash",
    )

    def ready(self) -> None:
        from images.signals import pixels_replaced

        pixels_replaced.connect(_compare_anew, dispatch_uid="images.compare_anew")


def _compare_anew(radiograph: Any, **_details: Any) -> None:
    from django.db import transaction

    from images.services.copies import forget_sketch
    from images.services.quiet import look_through_all

    forget_sketch(radiograph=radiograph)
    transaction.on_commit(look_through_all)
