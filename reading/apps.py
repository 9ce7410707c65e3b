from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReadingConfig(AppConfig):
    name = "reading"
    verbose_name = _("Reading")

    def ready(self) -> None:
        from images.signals import images_ready, truth_stated
        from inference.signals import standings_changed

        images_ready.connect(_place, dispatch_uid="reading.place")
        truth_stated.connect(_rank_one, dispatch_uid="reading.rank_one")
        standings_changed.connect(_rank, dispatch_uid="reading.rank")


def _place(radiographs: Any, **_details: Any) -> None:
    from reading.later import to_place

    to_place.add(*(radiograph.pk for radiograph in radiographs))


def _rank_one(radiograph: Any, **_details: Any) -> None:
    from reading.later import to_rank

    to_rank.add(radiograph.pk)


def _rank(radiographs: Any, **_details: Any) -> None:
    from reading.services import rank_cases

    rank_cases(radiographs)
