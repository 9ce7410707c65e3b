"""Shards in a bucket of a real server; its absence costs the cache, never the answer."""

import io
import logging
import time

import boto3
import numpy as np
import pytest

from inference import features
from inference.features import s3
from inference.features.store import store
from inference.models import FeatureShard, FeatureVector
from tests.buckets import SECRET
from tests.inference.vectors import begin_again, key, pixels, some, vector
from tests.servers import free_port

BUCKET = "features"
RECORD = vector(0).nbytes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_credentials")]


def address(endpoint: str, bucket: str = BUCKET) -> str:
    return f"s3://{bucket}/cache?endpoint={endpoint}&region=us-east-1"


@pytest.fixture
def bucket(s3_endpoint, settings):
    """An empty bucket, which is the store of the test."""
    session = boto3.session.Session(region_name="us-east-1")
    bucket = session.resource("s3", endpoint_url=s3_endpoint).create_bucket(Bucket=BUCKET)
    settings.FEATURES_URL = address(s3_endpoint)
    begin_again()
    yield bucket
    bucket.objects.delete()
    bucket.delete()


@pytest.fixture
def kept(bucket) -> list:
    """Four vectors, kept as one micro-batch."""
    features.keep_many(some(range(4)))
    return [key(number) for number in range(4)]


@pytest.fixture
def requests(bucket, monkeypatch) -> list[tuple[str, dict]]:
    """The requests of the store, as they are made."""
    made = []
    client = store()._client

    def noted(event_name, params, **_):
        made.append((event_name.rpartition(".")[2], params))

    client.meta.events.register("provide-client-params.s3", noted)
    return made


def contents(bucket) -> list[bytes]:
    return [item.get()["Body"].read() for item in bucket.objects.all()]


# --- keep and read ------------------------------------------------------------------------------
def test_vectors_come_back_as_they_were_kept(kept):
    found = features.read_many(kept)
    assert all(np.array_equal(found[key(number)], vector(number)) for number in range(4))


def test_a_micro_batch_is_one_object(kept, bucket):
    (item,) = bucket.objects.all()
    assert item.key.startswith("cache/some-extractor/some-preprocessing/")
    assert item.size == 4 * RECORD


def test_objects_are_never_appended_to(kept, bucket):
    features.keep_many(some([9]))
    assert sorted(item.size for item in bucket.objects.all()) == [RECORD, 4 * RECORD]


def test_one_vector_is_one_ranged_request(kept, requests):
    features.read(kept[2])
    ((verb, params),) = requests
    assert (verb, params["Range"]) == ("GetObject", f"bytes={2 * RECORD}-{3 * RECORD - 1}")


def test_most_of_an_object_is_one_request(bucket, requests):
    features.keep_many(some(range(20)))
    requests.clear()
    features.read_many([key(number) for number in range(20) if number % 3])
    assert len(requests) == 1


def test_what_lies_far_apart_is_fetched_apart(bucket, requests):
    features.keep_many(some(range(40)))
    requests.clear()
    found = features.read_many([key(0), key(39)])
    assert np.array_equal(found[key(39)], vector(39))
    assert len(requests) == 2


def test_the_same_key_kept_twice_is_kept_once(kept, bucket):
    features.keep_many(some([3, 4]))
    assert FeatureVector.objects.count() == 5
    assert b"".join(contents(bucket)).count(vector(3).tobytes()) == 1


# --- damage -------------------------------------------------------------------------------------
def test_a_damaged_byte_is_noticed(kept, bucket):
    (item,) = bucket.objects.all()
    damaged = bytearray(item.get()["Body"].read())
    damaged[5] ^= 1
    item.put(Body=bytes(damaged))
    assert features.read_many(kept).keys() == set(kept[1:])


@pytest.mark.parametrize("stays", [0, RECORD + 7])
def test_of_an_object_that_lost_its_end_the_rest_is_read(kept, bucket, stays):
    (item,) = bucket.objects.all()
    item.put(Body=item.get()["Body"].read()[:stays])
    assert features.read_many(kept).keys() == set(kept[: stays // RECORD])


def test_an_emptied_bucket_is_filled_again(kept, bucket):
    bucket.objects.delete()
    assert features.read_many(kept) == {}
    features.keep_many(some(range(4)))
    assert len(features.read_many(kept)) == 4


# --- forget -------------------------------------------------------------------------------------
def test_what_is_forgotten_is_not_in_the_bucket(kept, bucket):
    features.forget(pixels(1))
    (content,) = contents(bucket)
    assert content[RECORD : 2 * RECORD] == bytes(RECORD)
    assert features.read_many(kept).keys() == {kept[0], kept[2], kept[3]}


def test_the_last_forgotten_vector_takes_its_object_along(kept, bucket):
    for number in range(4):
        features.forget(pixels(number))
    assert contents(bucket) == []
    assert not FeatureVector.objects.exists()


# --- outage -------------------------------------------------------------------------------------
@pytest.fixture
def outage(kept, settings, caplog):
    """The same rows, while nothing listens where the bucket was."""
    settings.FEATURES_URL = address(f"http://127.0.0.1:{free_port()}")
    caplog.set_level(logging.INFO)


def test_without_the_server_nothing_is_read(outage, kept):
    assert features.read_many(kept) == {}


def test_without_the_server_an_answer_is_made_all_the_same(outage, kept):
    made, was_cached = features.cached_or_made(kept[0], lambda: vector(0))
    assert np.array_equal(made, vector(0))
    assert not was_cached


def test_without_the_server_nothing_is_indexed(outage):
    features.keep_many(some([9]))
    assert FeatureVector.objects.count() == 4


def test_an_outage_is_asked_about_once_in_a_while(outage, kept, monkeypatch):
    features.read_many(kept)
    asked = []

    def answer(**request):
        asked.append(request)
        return {"Body": io.BytesIO()}

    monkeypatch.setattr(store()._client, "get_object", answer)
    features.read_many(kept)
    assert asked == []
    later = time.monotonic() + s3.REST_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    features.read_many(kept)
    assert len(asked) == 1


def test_the_log_of_an_outage_has_no_address_and_no_secret(outage, kept, caplog):
    features.keep_many(some([9]))
    features.forget(pixels(1))
    assert "reason=EndpointConnectionError" in caplog.text
    assert SECRET not in caplog.text
    assert "127.0.0.1" not in caplog.text


def test_what_could_not_be_forgotten_is_forgotten_later(
    outage, kept, bucket, s3_endpoint, settings
):
    features.forget(pixels(1))
    settings.FEATURES_URL = address(s3_endpoint)
    assert features.read(kept[1]) is None
    features.finish_forgetting()
    assert contents(bucket)[0][RECORD : 2 * RECORD] == bytes(RECORD)


def test_a_bucket_that_is_not_there_is_an_outage(kept, settings, s3_endpoint):
    settings.FEATURES_URL = address(s3_endpoint, "another")
    assert features.read_many(kept) == {}
    features.keep_many(some([9]))
    assert FeatureVector.objects.count() == 4


# --- what a killed process leaves ---------------------------------------------------------------
def test_an_object_that_was_never_indexed_is_deleted_by_a_later_process(kept, bucket):
    FeatureVector.objects.all().delete()
    FeatureShard.objects.update(created_at="2026-01-01T00:00:00Z")
    begin_again()
    features.keep_many(some([9]))
    assert contents(bucket) == [vector(9).tobytes()]
    assert FeatureShard.objects.count() == 1


def test_an_object_that_may_be_indexed_any_moment_is_left_alone(kept, bucket):
    FeatureVector.objects.all().delete()
    begin_again()
    features.keep_many(some([9]))
    assert len(contents(bucket)) == 2


def test_a_failed_index_leaves_no_object(bucket, monkeypatch):
    def broken(_):
        raise RuntimeError

    monkeypatch.setattr("inference.features.index.insert", broken)
    with pytest.raises(RuntimeError):
        features.keep_many(some([1]))
    assert contents(bucket) == []
