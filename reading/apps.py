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
        standings_changed.connect(_follow, dispatch_uid="reading.follow")


def _place(radiographs: Any, pixels: Any, **_details: Any) -> None:
    from reading.later import follow_soon, to_place, to_rank

    keys = {radiograph.pk for radiograph in radiographs}
    if brought_back := keys.difference(pixels):
        # Without pixels at hand: a person took them out of the trash, and looks for them.
        to_place.add(*brought_back)
    if new := keys.intersection(pixels):
        # Their first place follows from all that was said of them.
        to_rank.leave_out(*new)
        follow_soon()


def _rank_one(radiograph: Any, **_details: Any) -> None:
    from reading.later import to_rank

    to_rank.add(radiograph.pk)


def _follow(**_details: Any) -> None:
    from reading.later import follow_soon

    follow_soon()
