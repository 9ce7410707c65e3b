"""The address of a bucket, and where a browser finds its objects."""

from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured

from core.buckets import Bucket, client

SETTING = "MEDIA_S3_URL"


def test_an_address_names_bucket_prefix_endpoint_and_region():
    bucket = Bucket.from_url(
        "s3://films/a/b/?endpoint=https://s3.example.org:9000&region=sa-east-1", SETTING
    )
    assert bucket == Bucket("films", "a/b", "https://s3.example.org:9000", "sa-east-1")


def test_an_address_may_be_just_a_bucket():
    assert Bucket.from_url("s3://films", SETTING) == Bucket("films")


@pytest.mark.parametrize(
    "url",
    [
        "films",
        "s3://",
        "s3://[films",
        "https://films/a",
        "s3://films?secret=sesame",
        "s3://films?name=sesame",
        "s3://films?endpoint=sesame",
        "s3://films?endpoint=ftp://sesame.example.org",
        "s3://films?endpoint=https://me:sesame@s3.example.org",
        "s3://me:sesame@films",
    ],
)
def test_a_wrong_address_is_refused_and_not_repeated(url):
    with pytest.raises(ImproperlyConfigured, match=SETTING) as refused:
        Bucket.from_url(url, SETTING)
    assert "sesame" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "bucket",
    [
        Bucket("films"),
        Bucket("films", region="us-east-1"),
        Bucket("films", region="sa-east-1"),
        Bucket("films", "a/b", "https://s3.example.org:9000", "sa-east-1"),
        Bucket("films", "a/b", "http://127.0.0.1:9000"),
    ],
)
def test_signed_addresses_have_its_origin(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret-at-all")
    place = {"Bucket": bucket.name, "Key": "key"}
    signed = urlsplit(client(bucket, 1).generate_presigned_url("get_object", Params=place))
    assert f"{signed.scheme}://{signed.netloc}" == bucket.origin
