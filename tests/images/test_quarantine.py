"""Source files: kept nowhere by default; sealed, for one administrator, when a site asks for it."""

import io
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from images.errors import Refused, StorageFull
from images.models import QuarantinedSource
from images.services import patient_of, store_radiograph
from images.services.consent import withdraw_consent
from images.services.quarantine import forget_expired_sources, path_of
from images.services.upkeep import delete_for_good, trash
from images.signals import images_ready
from tests import factories
from tests.accounts.helpers import reauthenticate
from tests.images.conftest import answer_of, files_below, upload_of

SOURCE = factories.chest_png(3) + b"GOMEZ^ANA, after the picture"

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeping(site):
    """The institution keeps source files for ten days."""
    site.keep_source_days = 10
    site.save()
    return site


def store(uploader, content=SOURCE):
    return store_radiograph(
        stream=io.BytesIO(content), uploader=uploader,
        patient=patient_of(site=uploader.site, code="P-1"),
    ).radiograph  # fmt: skip


@pytest.fixture
def kept(keeping, doctor) -> QuarantinedSource:
    return store(doctor).quarantined


@pytest.fixture
def download(request, sign_in, kept):
    """`download("doctor")`: the address, right after the password was given."""

    def get(who):
        client = sign_in(request.getfixturevalue(who))
        reauthenticate(client)
        return client.get(reverse("images:source", args=[kept.radiograph_id]))

    return get


# --- off, which is the default ------------------------------------------------------------------
def test_by_default_no_source_file_is_kept_anywhere(actor, settings, tmp_path, spool):
    actor("doctor").post("/images/upload/", upload_of(SOURCE))
    assert not QuarantinedSource.objects.exists()
    assert files_below(spool) == files_below(settings.QUARANTINE_DIR) == []
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert everything
    assert b"GOMEZ" not in everything


# --- on -----------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_trouble_after_the_commit_takes_no_source_away(keeping, doctor):
    def fail(**_details):
        transaction.on_commit(lambda: 1 / 0)

    images_ready.connect(fail)
    try:
        with pytest.raises(ZeroDivisionError):
            store(doctor)
    finally:
        images_ready.disconnect(fail)
    assert path_of(QuarantinedSource.objects.get().key).exists()


def test_the_source_is_kept_sealed_until_its_day(kept):
    sealed = path_of(kept.key).read_bytes()
    assert len(sealed) > len(SOURCE)
    assert b"GOMEZ" not in sealed
    assert kept.size == len(SOURCE)
    assert timedelta(days=9) < kept.expires_at - timezone.now() <= timedelta(days=10)


def test_the_file_is_for_its_owner_alone(kept):
    assert path_of(kept.key).stat().st_mode & 0o777 == 0o600


def test_the_spool_is_gone_all_the_same(actor, keeping, spool):
    actor("doctor").post("/images/upload/", upload_of(SOURCE))
    assert files_below(spool) == []


def test_what_is_not_stored_is_not_kept_either(keeping, doctor, settings):
    keeping.quota_megabytes = 0
    keeping.save()
    with pytest.raises(Refused):
        store(doctor)
    assert files_below(settings.QUARANTINE_DIR) == []


def test_without_room_for_the_source_nothing_is_stored(keeping, doctor, settings, monkeypatch):
    def full(folder):
        raise StorageFull

    monkeypatch.setattr("images.services.quarantine.check_reserve", full)
    with pytest.raises(StorageFull):
        store(doctor)
    assert files_below(settings.MEDIA_ROOT) == files_below(settings.QUARANTINE_DIR) == []


def test_a_duplicate_keeps_no_second_source(kept, doctor):
    store(doctor)
    assert QuarantinedSource.objects.count() == 1


# --- who opens it -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("site_administrator", 200),
        ("administrator", 404),
        ("doctor", 403),
        ("health_worker", 403),
        ("researcher", 403),
        ("stranger", 403),
    ],
)
def test_only_the_sites_own_administrator_opens_it(download, who, status):
    answer = download(who)
    assert answer_of(answer) == status
    if status != 200:
        assert b"GOMEZ" not in answer.content


def test_it_comes_back_as_it_was(download, kept):
    answer = download("site_administrator")
    assert b"".join(answer) == SOURCE
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_password_is_asked_for_again(sign_in, site_administrator, kept):
    address = reverse("images:source", args=[kept.radiograph_id])
    answer = sign_in(site_administrator).get(address)
    assert answer.status_code == 302
    assert "reauthenticate" in answer.headers["Location"]


def test_each_download_is_logged_by_keys(download, kept, site_administrator, caplog):
    download("site_administrator")
    assert f"radiograph={kept.radiograph_id} by={site_administrator.pk}" in caplog.text
    assert "P-1" not in caplog.text


def test_a_damaged_file_is_not_sent_in_half(download, kept):
    path = path_of(kept.key)
    path.write_bytes(path.read_bytes()[:-1])
    assert download("site_administrator").status_code == 404


def test_an_expired_file_is_not_sent(download, kept):
    QuarantinedSource.objects.update(expires_at=timezone.now())
    assert download("site_administrator").status_code == 404


def test_the_page_offers_it_to_that_administrator_alone(actor, kept):
    address = reverse("images:source", args=[kept.radiograph_id])
    page = reverse("images:detail", args=[kept.radiograph_id])
    assert address in actor("site_administrator").get(page).content.decode()
    for other in ("doctor", "administrator"):
        assert address not in actor(other).get(page).content.decode()


# --- the end of it ------------------------------------------------------------------------------
def gone(kept) -> bool:
    return not path_of(kept.key).exists() and not QuarantinedSource.objects.exists()


def test_it_goes_when_its_day_comes(kept, django_capture_on_commit_callbacks):
    assert forget_expired_sources() == 0
    QuarantinedSource.objects.update(expires_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        assert forget_expired_sources() == 1
    assert gone(kept)


def test_it_goes_with_the_radiograph(kept, doctor, django_capture_on_commit_callbacks):
    trash(radiograph=kept.radiograph, by=doctor)
    assert path_of(kept.key).exists()
    with django_capture_on_commit_callbacks(execute=True):
        delete_for_good(radiograph=kept.radiograph)
    assert gone(kept)


def test_it_goes_when_consent_is_withdrawn(kept, doctor, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        withdraw_consent(patient=kept.radiograph.patient, by=doctor)
    assert gone(kept)
