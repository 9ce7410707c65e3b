"""What is past its day goes, and nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from images.models import Radiograph, StorageUse
from images.services import retention
from images.services.upkeep import trash
from images.tasks.upkeep import sweep
from tests import factories
from tests.images.conftest import files_below

pytestmark = pytest.mark.django_db


@pytest.fixture
def trashed(film, doctor) -> Radiograph:
    """In the trash for ten days."""
    trash(radiograph=film, by=doctor)
    Radiograph.objects.update(trashed_at=timezone.now() - timedelta(days=10))
    return film


def days(site, number) -> None:
    site.trash_days = number
    site.save()


@pytest.mark.parametrize(("after", "left"), [(None, 1), (11, 1), (9, 0), (0, 0)])
def test_the_trash_is_emptied_after_the_days_of_the_site(trashed, site, after, left):
    days(site, after)
    retention.keep_rules(60)
    assert Radiograph.objects.count() == left


def test_emptied_trash_leaves_no_file_and_no_count(
    trashed, site, settings, django_capture_on_commit_callbacks
):
    days(site, 1)
    with django_capture_on_commit_callbacks(execute=True):
        retention.keep_rules(60)
    assert files_below(settings.MEDIA_ROOT) == []
    assert StorageUse.objects.get().stored_bytes == 0


def test_what_is_kept_is_never_emptied(film, site):
    days(site, 0)
    Radiograph.objects.update(trashed_at=timezone.now() - timedelta(days=10))
    retention.keep_rules(60)
    assert Radiograph.objects.filter(pk=film.pk).exists()


def test_one_site_says_nothing_about_another(trashed, site, other_site, stranger):
    other = factories.make_radiograph(site=other_site, uploader=stranger, seed=5)
    trash(radiograph=other, by=stranger)
    Radiograph.objects.update(trashed_at=timezone.now() - timedelta(days=10))
    days(site, 5)
    retention.keep_rules(60)
    assert list(Radiograph.objects.all()) == [other]


def test_it_stops_when_its_time_is_over_and_goes_on_later(trashed, site):
    days(site, 1)
    retention.keep_rules(0)
    assert Radiograph.objects.exists()
    retention.keep_rules(60)
    assert not Radiograph.objects.exists()


def test_beat_keeps_the_rules(trashed, site, settings):
    days(site, 1)
    sweep.run()
    assert not Radiograph.objects.exists()
    assert sweep.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
