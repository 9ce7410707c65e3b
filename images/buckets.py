"""Private files as objects of an S3-compatible server: whole or absent, never under a public URL.

The server shows an object only once its upload ended well. A bucket must be private and keep no old
versions of objects: it would keep what was deleted for good.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO, Final

from botocore.exceptions import ClientError
from django.core.files.base import ContentFile, File
from django.utils.deconstruct import deconstructible
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from core.buckets import MISSING, Bucket, client_settings
from images.errors import StorageFull
from images.ranges import Stretch
from images.storage import ROOT_FOLDER

# How servers say that nothing more fits (MinIO, Ceph, Amazon's table of error codes).
NO_ROOM: Final = frozenset(
    {"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded",
     "InsufficientStorage", "507"}
)  # fmt: skip
CONNECTIONS: Final = 16
# Long enough for a browser to follow a redirect, too short to be passed on.
SIGNED_SECONDS: Final = 60


@contextmanager
def room_in_bucket() -> Iterator[None]:
    """Turn a full server into StorageFull, a missing object into FileNotFoundError."""
    try:
        yield
    except ClientError as problem:
        code = str(problem.response["Error"]["Code"])
        if code in NO_ROOM:
            raise StorageFull from problem
        if code in MISSING:
            raise FileNotFoundError(code) from None
        raise


@deconstructible
class PrivateBucketStorage(S3Storage):  # type: ignore[misc]  # storages has no types
    """`url`: see core.buckets. Raises StorageFull as the storage in a folder does."""

    def __init__(self, url: str) -> None:
        bucket = Bucket.from_url(url, "MEDIA_S3_URL")
        # What is settled here is not read from the AWS_* settings that storages knows.
        super().__init__(
            bucket_name=bucket.name,
            location=bucket.prefix,
            endpoint_url=bucket.endpoint or None,
            region_name=bucket.region or None,
            client_config=client_settings(bucket, CONNECTIONS)["config"],
            default_acl=None,
            custom_domain=None,
            file_overwrite=False,
            gzip=False,
            querystring_auth=True,
            querystring_expire=SIGNED_SECONDS,
        )

    def _save(self, name: str, content: File[Any]) -> str:
        # Read to its end first: after a source that breaks midway, the half of it would be sent
        # once more and stored.
        whole = ContentFile(content.read())
        with room_in_bucket():
            saved: str = super()._save(name, whole)
        return saved

    def stretch(self, name: str, wanted: Stretch) -> BinaryIO:
        """These bytes, read from the server as they are sent. Raises FileNotFoundError."""
        last = wanted.first + wanted.count - 1
        with room_in_bucket():
            answer = self.connection.meta.client.get_object(
                Bucket=self.bucket_name, Key=self._key(name), Range=f"bytes={wanted.first}-{last}"
            )
        body: BinaryIO = answer["Body"]
        return body

    def signed_url(self, name: str, *, content_type: str, disposition: str) -> str:
        """An address that anybody may read for SIGNED_SECONDS; give it to whom you checked."""
        overrides = {
            "ResponseContentType": content_type,
            "ResponseContentDisposition": disposition,
            "ResponseCacheControl": "private, no-store",
        }
        return str(self.url(name, parameters=overrides, expire=SIGNED_SECONDS))

    def folders(self) -> list[str]:
        """Names of the folders at the top, in order; ROOT_FOLDER for what lies beside them."""
        folders, _files = self.listdir("")
        return [ROOT_FOLDER, *sorted(folders)]

    def stored(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """Name and time of every object of one of `folders()`, page by page."""
        top = f"{self.location}/" if self.location else ""
        where = (
            {"Prefix": top, "Delimiter": "/"}
            if folder == ROOT_FOLDER
            else {"Prefix": f"{top}{folder}/"}
        )
        pages = self.connection.meta.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket_name, **where):
            for item in page.get("Contents", ()):
                yield item["Key"][len(top) :], item["LastModified"]

    def _key(self, name: str) -> str:
        return str(self._normalize_name(clean_name(name)))
