"""Where objects are kept: `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`, and a client for it.

Credentials come from where boto3 looks for them (`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`,
a shared file, the machine's role), never from the address.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured

WEB: Final = frozenset({"http", "https"})
# How a server says that there is no such object, or not so many bytes of it.
MISSING: Final = frozenset({"404", "NoSuchKey", "InvalidRange"})


@dataclass(frozen=True)
class Bucket:
    """Where the objects are; `endpoint` and `region` empty: those of AWS and its own settings."""

    name: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""

    @classmethod
    def from_url(cls, url: str, setting: str) -> "Bucket":
        """Of `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`, the value of `setting`.

        Raises ImproperlyConfigured without repeating the URL: somebody may put a secret into it.
        """
        wanted = f"{setting} must be s3://BUCKET/PREFIX?endpoint=URL&region=NAME"
        try:
            parts = urlsplit(url)
            bucket = cls(parts.netloc, parts.path.strip("/"), **dict(parse_qsl(parts.query)))
            endpoint = urlsplit(bucket.endpoint or "https://amazonaws.com")
        except (TypeError, ValueError):  # TypeError: another option than these two
            raise ImproperlyConfigured(wanted) from None
        if "@" in parts.netloc + endpoint.netloc:
            raise ImproperlyConfigured(
                f"{setting} holds no credentials: use AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        places = (parts.scheme == "s3", parts.netloc, endpoint.scheme in WEB, endpoint.netloc)
        if not all(places):
            raise ImproperlyConfigured(wanted)
        return bucket

    @property
    def origin(self) -> str:
        """Scheme and host of its objects' addresses, as a browser sees them."""
        if self.endpoint:
            parts = urlsplit(self.endpoint)
            return f"{parts.scheme}://{parts.netloc}"
        # boto3 signs for the region that was there first without naming it.
        region = f".{self.region}" if self.region not in {"", "us-east-1"} else ""
        return f"https://{self.name}.s3{region}.amazonaws.com"


def client_settings(bucket: Bucket, connections: int) -> dict[str, Any]:
    """Keyword arguments `endpoint_url`, `region_name` and `config` of a boto3 client."""
    from botocore.config import Config

    region = bucket.region or None
    config = Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"total_max_attempts": 2, "mode": "standard"},
        max_pool_connections=connections,
        signature_version="s3v4",
        s3={"addressing_style": "path" if bucket.endpoint else "virtual"},
        # Checksums are kept in the database; newer ones of AWS trouble other servers.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return {"endpoint_url": bucket.endpoint or None, "region_name": region, "config": config}


def client(bucket: Bucket, connections: int) -> Any:
    """A boto3 client, which several threads may share."""
    import boto3

    return boto3.session.Session().client("s3", **client_settings(bucket, connections))
