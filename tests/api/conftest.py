"""Ways into the API."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import ApiToken, User
from tests import factories


@pytest.fixture
def token():
    """`token(user, scope="write", days=1) -> str`: the secret of a new token."""

    def secret_of(user: User, scope: str = "write", days: int = 1) -> str:
        lifetime = timedelta(days=days)
        return ApiToken.objects.create(user=user, name="test", scope=scope, expiry=lifetime)[1]

    return secret_of


@pytest.fixture
def bearer(token):
    """`bearer(user, scope="write") -> Client` that sends a token and has no session."""

    def client_of(user: User, scope: str = "write") -> Client:
        return Client(headers={"authorization": f"Bearer {token(user, scope)}"})

    return client_of


@pytest.fixture
def upload():
    """`upload(client, seed=1, **parts)`: one multipart POST of a small PNG."""

    def post(client: Client, *, seed: int = 1, content: bytes | None = None, **parts):
        content = factories.chest_png(seed) if content is None else content
        file = SimpleUploadedFile(parts.pop("name", "film.png"), content)
        data = {"file": file, "patient_code": "P-7"} | parts
        return client.post("/api/v1/images/", data)

    return post


@pytest.fixture
def radiograph(site, doctor):
    """A confirmed case of the cast's institution, uploaded by the doctor."""
    return factories.make_radiograph(
        site=site, uploader=doctor, rt_pcr="positive", patient_code="SECRET-1", age_years=61
    )


@pytest.fixture
def stored_files(settings):
    """`stored_files() -> set`: every file below MEDIA_ROOT."""
    return lambda: {path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()}
