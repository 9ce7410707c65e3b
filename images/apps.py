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
        from images.signals import images_ready, pixels_replaced

        images_ready.connect(_compare_with_all, dispatch_uid="images.compare_with_all")
        pixels_replaced.connect(_compare_anew, dispatch_uid="images.compare_anew")


def _compare_with_all(**_details: Any) -> None:
    from images.services.copies import ring_on_commit

    ring_on_commit()


def _compare_anew(radiograph: Any, **_details: Any) -> None:
    from images.services.copies import forget_sketch, ring_on_commit

    forget_sketch(radiograph=radiograph)
    ring_on_commit()
