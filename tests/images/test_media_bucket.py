"""Radiographs in a private bucket: whole or absent, read in parts, signed for a minute."""

import io
import os
import subprocess
import sys
import urllib.request
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError
from django.conf import settings as project
from django.core.exceptions import SuspiciousOperation
from django.core.files.base import ContentFile
from django.urls import reverse

from images.buckets import PrivateBucketStorage
from images.errors import StorageFull
from images.models import Radiograph
from images.ranges import Stretch
from images.services import patient_of, store_radiograph
from images.services.upkeep import delete_for_good, trash
from tests import factories

BUCKET = "films"
PICTURES = ("images:picture", "images:thumbnail", "api-images-picture")

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_credentials")]


@pytest.fixture
def bucket(s3_endpoint, settings):
    """An empty bucket, which is where this test's radiographs are kept."""
    session = boto3.session.Session(region_name="us-east-1")
    bucket = session.resource("s3", endpoint_url=s3_endpoint).create_bucket(Bucket=BUCKET)
    options = {"url": f"s3://{BUCKET}/hospital?endpoint={s3_endpoint}&region=us-east-1"}
    backend = {"BACKEND": "images.buckets.PrivateBucketStorage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    yield bucket
    bucket.objects.delete()
    bucket.delete()


@pytest.fixture
def storage(bucket, settings) -> PrivateBucketStorage:
    return PrivateBucketStorage(**settings.STORAGES["default"]["OPTIONS"])


@pytest.fixture
def in_bucket(bucket, film) -> Radiograph:
    return film


def keys(bucket) -> list[str]:
    return sorted(item.key for item in bucket.objects.all())


def refusing(storage, monkeypatch, code) -> None:
    """The server refuses each upload with this code."""

    def refuse(*_args, **_options):
        raise ClientError({"Error": {"Code": code}}, "PutObject")

    monkeypatch.setattr("storages.backends.s3.S3Storage._save", refuse)


# --- keeping ------------------------------------------------------------------------------------
def test_reads_back_what_was_saved(storage):
    name = storage.save("ab/film.png", ContentFile(b"pixels"))
    with storage.open(name) as file:
        assert (name, file.read()) == ("ab/film.png", b"pixels")


def test_both_files_of_a_radiograph_are_below_the_prefix(in_bucket, bucket):
    names = (in_bucket.file.name, in_bucket.thumbnail.name)
    assert keys(bucket) == sorted(f"hospital/{name}" for name in names)


def test_never_overwrites(storage):
    assert storage.save("a.png", ContentFile(b"1")) != storage.save("a.png", ContentFile(b"2"))


def test_a_source_that_breaks_leaves_nothing(storage, bucket):
    class Breaks(io.BytesIO):
        def read(self, size=-1):
            raise ValueError("the source broke")

    with pytest.raises(ValueError, match="the source broke"):
        storage.save("ab/film.png", Breaks())
    assert keys(bucket) == []


@pytest.mark.parametrize("code", ["XMinioStorageFull", "QuotaExceeded"])
def test_a_full_server_is_storage_full(storage, monkeypatch, code):
    refusing(storage, monkeypatch, code)
    with pytest.raises(StorageFull):
        storage.save("a.png", ContentFile(b"1"))


def test_a_full_server_is_507_and_leaves_nothing(actor, storage, bucket, monkeypatch):
    refusing(storage, monkeypatch, "QuotaExceeded")
    answer = actor("doctor").post(
        "/api/v1/images/",
        {"file": ContentFile(factories.chest_png(5), "a.png"), "patient_code": "P"},
    )
    assert (answer.status_code, answer.json()["code"]) == (507, "storage-full")
    assert not Radiograph.objects.exists()
    assert keys(bucket) == []


def test_a_refused_row_takes_its_objects_along(bucket, doctor, site):
    site.quota_megabytes = 0
    site.save()
    with pytest.raises(Exception, match="quota-site"):
        store_radiograph(
            stream=io.BytesIO(factories.chest_png(1)), uploader=doctor,
            patient=patient_of(site=site, code="P-1"),
        )  # fmt: skip
    assert keys(bucket) == []


def test_deleting_for_good_deletes_the_objects(
    in_bucket, bucket, doctor, django_capture_on_commit_callbacks
):
    trash(radiograph=in_bucket, by=doctor)
    with django_capture_on_commit_callbacks(execute=True):
        delete_for_good(radiograph=in_bucket)
    assert keys(bucket) == []


def test_names_cannot_leave_the_prefix(storage):
    with pytest.raises(SuspiciousOperation):
        storage.stretch("../other/film.png", Stretch(0, 1, 1))


def test_lists_what_is_stored(in_bucket, storage):
    storage.save("odd.png", ContentFile(b"1"))
    names = {name for folder in storage.folders() for name, _moment in storage.stored(folder)}
    assert names == {in_bucket.file.name, in_bucket.thumbnail.name, "odd.png"}


# --- through this server ------------------------------------------------------------------------
@pytest.mark.parametrize("name", PICTURES)
def test_whole_and_parts_come_through(actor, in_bucket, name):
    client, address = actor("doctor"), reverse(name, args=[in_bucket.pk])
    whole = b"".join(client.get(address))
    part = client.get(address, headers={"range": "bytes=3-9"})
    assert whole[:4] in {b"\x89PNG", b"\xff\xd8\xff\xe0"}
    assert (part.status_code, b"".join(part)) == (206, whole[3:10])


@pytest.mark.parametrize("name", PICTURES)
def test_a_lost_object_is_a_404(actor, in_bucket, bucket, name):
    bucket.objects.delete()
    assert actor("doctor").get(reverse(name, args=[in_bucket.pk])).status_code == 404


# --- signed -------------------------------------------------------------------------------------
@pytest.fixture
def signed(settings, in_bucket, actor):
    """`signed(who, name) -> response` where browsers are sent to the bucket."""
    settings.MEDIA_URL_SIGNED = True
    return lambda who="doctor", name="images:picture": actor(who).get(
        reverse(name, args=[in_bucket.pk])
    )


@pytest.mark.parametrize("name", PICTURES)
def test_a_signed_address_leads_to_the_bytes(signed, in_bucket, name):
    redirect = signed(name=name)
    assert redirect.status_code == 302
    assert redirect.headers["Cache-Control"] == "private, no-store"
    with urllib.request.urlopen(redirect.headers["Location"]) as answer:
        assert answer.read()[:4] in {b"\x89PNG", b"\xff\xd8\xff\xe0"}
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_signed_address_lives_a_minute_at_most(signed):
    query = parse_qs(urlsplit(signed().headers["Location"]).query)
    assert int(query["X-Amz-Expires"][0]) <= 60


def test_a_signed_address_names_no_patient(signed, in_bucket):
    assert in_bucket.patient.code not in signed().headers["Location"]


@pytest.mark.parametrize(("who", "code"), [("stranger", 404), ("anonymous", 302)])
def test_nothing_is_signed_for_others(signed, who, code):
    answer = signed(who)
    assert answer.status_code == code
    assert "X-Amz" not in answer.headers.get("Location", "")


def test_the_bytes_are_not_public(storage, in_bucket):
    """Uploads ask for no ACL, so that the bucket's own rule, private, holds."""
    acl = storage.bucket.Object(f"hospital/{in_bucket.file.name}").Acl()
    assert [grant["Grantee"]["Type"] for grant in acl.grants] == ["CanonicalUser"]


# --- settings -----------------------------------------------------------------------------------
def directive(**environment: str) -> str:
    code = "from config import settings; print(settings.CONTENT_SECURITY_POLICY['DIRECTIVES'])"
    address = {"MEDIA_S3_URL": "s3://films/a?endpoint=https://s3.example.org:9000&region=x"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.PLATFORM_DIR, capture_output=True, text=True,
        env=os.environ | address | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_pictures_may_come_from_the_bucket_when_they_are_signed():
    assert "https://s3.example.org:9000" in directive(MEDIA_URL_SIGNED="true")


def test_pictures_come_from_us_alone_otherwise():
    assert "s3.example.org" not in directive()
