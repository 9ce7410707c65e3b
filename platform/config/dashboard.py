"""What a signed-in person sees first: figures of their own work and the latest radiographs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.models import User
from accounts.roles import Capability
from images.models import Radiograph
from images.pseudonyms import pseudonym, sees_patient_codes
from inference.models import Prediction
from inference.panels import badges_of
from inference.readings import Reading
from news.models import ContactMessage

RECENT = 5


@dataclass(frozen=True)
class Tile:
    label: StrOrPromise
    value: int
    url: str
    icon: str


@dataclass(frozen=True)
class RecentRadiograph:
    """One row of the latest radiographs; `patient` is a pseudonym for those who see no codes."""

    radiograph: Radiograph
    patient: str
    result: Reading | None

    @property
    def pk(self) -> object:
        return self.radiograph.pk

    @property
    def created_at(self) -> datetime:
        return self.radiograph.created_at

    @property
    def is_synthetic(self) -> bool:
        return self.radiograph.is_synthetic

    def get_absolute_url(self) -> str:
        return self.radiograph.get_absolute_url()


def tiles(user: User) -> list[Tile]:
    return [*_clinical_tiles(user), *_administrative_tiles(user)]


def _clinical_tiles(user: User) -> Iterator[Tile]:
    if not user.can(Capability.VIEW_RADIOGRAPHS):
        return
    url = reverse("images:list")
    kept = Radiograph.objects.visible_to(user).kept()
    yield Tile(_("Radiographs"), kept.count(), url, "lungs")
    yield Tile(_("Confirmed by a test"), kept.confirmed().count(), url, "clipboard2-check")
    waiting = Prediction.objects.visible_to(user).waiting()
    yield Tile(_("Predictions in progress"), waiting.count(), url, "hourglass-split")


def _administrative_tiles(user: User) -> Iterator[Tile]:
    if user.can(Capability.MANAGE_ACCOUNTS):
        waiting = User.objects.visible_to(user).pending().count()
        yield Tile(_("People waiting"), waiting, reverse("accounts:people"), "person-plus")
    if user.can(Capability.READ_CONTACT):
        messages = ContactMessage.objects.visible_to(user).unanswered()
        yield Tile(_("Messages to answer"), messages.count(), reverse("news:inbox"), "envelope")


def recent(user: User) -> list[RecentRadiograph]:
    """The latest radiographs that `user` sees, each with its newest prediction: two queries."""
    latest: QuerySet[Radiograph] = Radiograph.objects.visible_to(user).kept()
    shown = list(latest.select_related("patient")[:RECENT])
    readings = [badge.reading for badge in badges_of(shown)]
    names_patients = sees_patient_codes(user)
    return [
        RecentRadiograph(
            radiograph=radiograph,
            patient=str(radiograph.patient) if names_patients else pseudonym(radiograph.patient),
            result=reading,
        )
        for radiograph, reading in zip(shown, readings, strict=True)
    ]
