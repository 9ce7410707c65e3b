"""Settings of the test run. pytest-django reads them before any conftest is loaded, so the
environment of the tests is laid out here: an own data folder, no broker, no shared cache."""

import os
import tempfile

os.environ["DATA_DIR"] = os.environ.get("COVIDXR_TEST_DATA") or tempfile.mkdtemp(
    prefix="covidxr-test-"
)
os.environ.setdefault("CACHE_URL", "locmem://")
os.environ.setdefault("BROKER_URL", "memory://")
for name in (
    "COVIDXR_MODE", "DEBUG", "ALLOWED_HOSTS", "EMAIL_URL", "SECRET_KEY", "IDENTITY_KEY",
):  # fmt: skip
    os.environ.pop(name, None)
# Servers for the tests marked `postgres` and `redis` have fixtures of their own (tests/servers.py).
for name in ("DATABASE_URL", "REDIS_URL"):
    if name in os.environ:
        os.environ[f"COVIDXR_TEST_{name}"] = os.environ.pop(name)

from config.settings import *  # noqa: E402, F403

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405  (whitenoise warns where it is absent)

# Programs that tests start are programs of the house, with the settings of the house.
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
