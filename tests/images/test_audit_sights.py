"""Whoever sees a patient's radiograph is recorded, by whatever address they saw it."""

import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import OperationalError
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.roles import Role
from core.jobs import JobStatus
from images.models import Target, TextState
from images.services import trash
from inference.models import DeployedModel, Explanation, Prediction
from tests import factories
from tests.accounts.helpers import log_in, reauthenticate

pytestmark = pytest.mark.django_db

# Small pictures of lists: hundreds on a page, and no place to read a film.
THUMBNAILS = {"images:thumbnail"}
# How pages name the film itself.
FILM = re.compile(rb"/(picture|window|writing|overlay)\.png")


def looks(**about) -> int:
    return AuditEntry.objects.filter(deed="saw", **about).count()


@pytest.fixture
def answered(film) -> Explanation:
    """The film, with a prediction, its heat map, and writing that somebody shall look at."""
    target = Target.objects.get(code="covid-19")
    model = DeployedModel.objects.create(target=target, version="1", threshold=0.5)
    prediction = Prediction.objects.create(
        radiograph=film, target=target, model=model, status=JobStatus.DONE, probability=0.9,
        predicted_class=target.classes.get(is_positive=True),
    )  # fmt: skip
    type(film).objects.filter(pk=film.pk).update(
        text_state=TextState.SUSPECTED, text_boxes=[[5, 5, 20, 10]]
    )
    drawn = Explanation(prediction=prediction, method="grad-cam", status=JobStatus.DONE)
    drawn.overlay.save("map.png", ContentFile(factories.chest_png(5)), save=False)
    drawn.save(force_insert=True)
    return drawn


def addresses(patterns=None, spaces=()):
    """Name and parameters of everything that has an address."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if not isinstance(pattern, URLPattern):
            inner = [*spaces, pattern.namespace] if pattern.namespace else spaces
            yield from addresses(pattern.url_patterns, inner)
        elif pattern.name:
            yield ":".join([*spaces, pattern.name]), set(pattern.pattern.regex.groupindex)


def shows_a_film(answer) -> bool:
    if answer.status_code != 200:
        return False
    kind = answer.headers.get("Content-Type", "")
    if kind.startswith("image/"):
        return True
    return kind.startswith("text/html") and bool(FILM.search(answer.getvalue()))


def test_every_address_that_shows_a_film_leaves_a_sight(film, answered, sign_in):
    """A new one that forgets it is found here, whatever room it is in."""
    keys = {
        "pk": [film.pk, film.patient_id, answered.prediction_id, answered.pk],
        "prediction": [answered.prediction_id],
    }
    shown, silent = set(), set()
    for name, parameters in {(name, frozenset(found)) for name, found in addresses()}:
        if not parameters or not parameters <= set(keys) or name in THUMBNAILS:
            continue
        for key in keys["pk"]:
            reader = factories.UserFactory(role=Role.ADMINISTRATOR, site=film.site)
            given = {"pk": key, "prediction": answered.prediction_id}
            try:
                address = reverse(name, kwargs={each: given[each] for each in parameters})
            except NoReverseMatch:
                continue
            if shows_a_film(sign_in(reader).get(address)):
                shown.add(name)
                if not looks(actor=reader, patient_id=film.patient_id, site=film.site):
                    silent.add(name)
    assert not silent
    assert shown >= {
        "images:detail", "images:picture", "images:viewer", "images:window",
        "images:writing_review", "images:writing_cutting", "inference:overlay",
        "api-images-picture", "api-explanations-overlay",
    }  # fmt: skip


def test_the_page_and_its_picture_are_one_look(actor, film, doctor):
    client = actor("doctor")
    for name in ("detail", "picture", "viewer", "window"):
        assert client.get(reverse(f"images:{name}", args=[film.pk])).status_code == 200
    entry = AuditEntry.objects.get(deed="saw")
    assert (entry.actor, entry.subject, entry.subject_id) == (doctor, "radiograph", film.pk)
    assert (entry.patient_id, entry.site, entry.way) == (film.patient_id, film.site, "page")


def test_a_picture_in_parts_is_one_look(actor, film):
    client = actor("doctor")
    address = reverse("images:picture", args=[film.pk])
    for start in (0, 100, 200):
        part = client.get(address, headers={"range": f"bytes={start}-{start + 99}"})
        assert part.status_code == 206
    assert looks() == 1


def test_the_next_day_is_another_look(actor, film):
    client = actor("doctor")
    for hours in (0, 1):
        with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=False):
            client.get(film.get_absolute_url())
    assert looks() == 2


def test_a_picture_that_the_browser_still_has_is_a_look_too(actor, film):
    client = actor("doctor")
    address = reverse("images:picture", args=[film.pk])
    version = client.get(address)["ETag"]
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert client.get(address, headers={"if-none-match": version}).status_code == 304
    assert looks() == 2


@pytest.mark.parametrize("name", ["detail", "picture", "thumbnail", "viewer", "window"])
def test_who_may_not_see_it_saw_nothing(actor, film, name):
    assert actor("stranger").get(reverse(f"images:{name}", args=[film.pk])).status_code == 404
    assert looks() == 0


def test_lists_are_no_look(actor, film):
    client = actor("doctor")
    for address in ("/images/", "/images/patients/", f"/images/{film.pk}/thumbnail.jpg"):
        assert client.get(address).status_code == 200
    assert looks() == 0


@pytest.mark.parametrize("what", ["", "picture/"])
def test_by_the_api(actor, film, what):
    assert actor("researcher").get(f"/api/v1/images/{film.pk}/{what}").status_code == 200
    entry = AuditEntry.objects.get(deed="saw")
    assert (entry.way, entry.role, entry.subject_id) == ("api", "researcher", film.pk)


def test_the_timeline_of_a_patient(actor, film):
    actor("doctor").get(f"/images/patients/{film.patient_id}/")
    entry = AuditEntry.objects.get(deed="saw")
    assert (entry.subject, entry.subject_id) == ("patient", film.patient_id)


def test_what_is_in_the_trash(actor, film, doctor):
    trash(radiograph=film, by=doctor)
    actor("health_worker").get(reverse("images:picture", args=[film.pk]))
    assert looks(subject="radiograph") == 1


def test_a_missing_one_leaves_nothing(actor):
    assert actor("doctor").get(reverse("images:picture", args=[uuid.uuid4()])).status_code == 404
    assert looks() == 0


@pytest.mark.django_db(transaction=True)
def test_a_full_database_keeps_nobody_from_a_film(actor, film, monkeypatch, caplog):
    def full(*args, **options):
        raise OperationalError("database or disk is full")

    client = actor("doctor")
    monkeypatch.setattr(AuditEntry, "save", full)
    assert client.get(reverse("images:picture", args=[film.pk])).status_code == 200
    assert f"sight not recorded radiograph={film.pk}" in caplog.text


@pytest.fixture
def entered(client, site_administrator):
    """The institution's own administrator, who has just typed the password again."""
    log_in(client, site_administrator.email)
    reauthenticate(client)
    return client


def test_each_reveal_of_an_identity(entered, film, site_administrator):
    for _look in range(2):
        assert entered.get(f"/images/patients/{film.patient_id}/identity/").status_code == 200
    rows = AuditEntry.objects.filter(subject="identity", actor=site_administrator)
    assert [(row.deed, row.subject_id) for row in rows] == [("saw", film.patient_id)] * 2


def test_each_download_of_a_source_file(entered, site, doctor):
    site.keep_source_days = 9
    site.save()
    film = factories.make_radiograph(uploader=doctor, seed=8)
    entered.get(f"/images/{film.pk}/source/").getvalue()
    entry = AuditEntry.objects.get(subject="source_file")
    assert (entry.deed, entry.subject_id, entry.patient_id) == ("saw", film.pk, film.patient_id)


@pytest.mark.parametrize("what", ["identity", "source"])
def test_who_is_turned_away_saw_nothing(actor, film, what):
    place = {"identity": f"patients/{film.patient_id}", "source": film.pk}[what]
    assert actor("doctor").get(f"/images/{place}/{what}/").status_code == 403
    assert looks() == 0
