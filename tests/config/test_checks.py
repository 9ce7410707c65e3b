"""`check --deploy`: production settings that would hurt are named, good ones pass."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.conf import settings as house
from django.core.exceptions import ImproperlyConfigured

from config import checks
from tests.config.samples import production_environment

GOOD = {
    "LOCAL_MODE": False,
    "SECRET_KEY": "Zx9-4kQ_vB7nW2mT8rY1uI3oP5aS6dF0gH-jKlCqE_RtUyXwZb",
    "IDENTITY_KEY": "pL3-8wE_hN6tR0yM5cJ9xV2bK7gQ4fD1sA-zUiOoPTeLkWnHrYc",
    "ALLOWED_HOSTS": ["covid-xr.example.org"],
    "DEBUG": False,
    "EMAIL_URL": "smtp://mail.example.org:25",
    "REDIS_URL": "redis://redis:6379/0",
    "FEATURES_URL": "",
    "MEDIA_S3_URL": "",
    "ADMIN_EMAIL": "ada@example.org",
    "DEFAULT_FROM_EMAIL": "no-reply@example.org",
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
}
SQLITE = {"default": {"ENGINE": "django.db.backends.sqlite3"}}

SAMPLE_PASSWORD = {"default": GOOD["DATABASES"]["default"] | {"PASSWORD": "change-me"}}


@pytest.fixture
def production(monkeypatch):
    def change(**values):
        monkeypatch.setattr(checks, "settings", SimpleNamespace(**(GOOD | values)))
        return [message.id for message in checks.deployment()]

    return change


def test_whole_production_settings_pass(production):
    assert production() == []


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("SECRET_KEY", "short", "covidxr.E001"),
        ("SECRET_KEY", "a" * 64, "covidxr.E001"),
        ("SECRET_KEY", "change-me-Zx9-4kQ_vB7nW2mT8rY1uI3oP5aS6dF0gH-jKlCqE", "covidxr.E001"),
        ("IDENTITY_KEY", "", "covidxr.E008"),
        ("IDENTITY_KEY", "short", "covidxr.E008"),
        ("IDENTITY_KEY", "a" * 64, "covidxr.E008"),
        ("IDENTITY_KEY", "change-me-pL3-8wE_hN6tR0yM5cJ9xV2bK7gQ4fD1sA-zUiOoPTeL", "covidxr.E008"),
        ("IDENTITY_KEY", GOOD["SECRET_KEY"], "covidxr.E008"),
        ("ALLOWED_HOSTS", [], "covidxr.E002"),
        ("ALLOWED_HOSTS", ["*"], "covidxr.E002"),
        ("ALLOWED_HOSTS", ["covid-xr.example.org", "*"], "covidxr.E002"),
        ("ALLOWED_HOSTS", ["."], "covidxr.E002"),
        ("DEBUG", True, "covidxr.E003"),
        ("EMAIL_URL", "", "covidxr.E004"),
        ("REDIS_URL", "", "covidxr.E005"),
        ("ADMIN_EMAIL", "admin@covid-xr.local", "covidxr.E006"),
        ("DATABASES", SQLITE, "covidxr.W001"),
        ("DATABASES", SAMPLE_PASSWORD, "covidxr.E007"),
        ("DEFAULT_FROM_EMAIL", "COVID-XR <no-reply@covid-xr.local>", "covidxr.W002"),
    ],
)
def test_each_mistake_has_its_id(production, name, value, found):
    assert production(**{name: value}) == [found]


def test_local_mode_is_told_that_it_is_for_one_machine(production):
    assert production(LOCAL_MODE=True, SECRET_KEY="short") == ["covidxr.W010"]


def test_a_bad_production_start_is_refused(production):
    production(DEBUG=True)
    with pytest.raises(ImproperlyConfigured, match="DEBUG"):
        checks.refuse_bad_deployment()


def test_a_warning_does_not_stop_a_start(production):
    production(DATABASES=SQLITE)
    checks.refuse_bad_deployment()


def check_deploy(environment):
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        command, cwd=house.BASE_DIR, env=environment, capture_output=True, text=True
    )


def test_check_deploy_is_clean_with_the_example_of_env(tmp_path):
    done = check_deploy(production_environment(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")


def test_check_deploy_fails_with_the_example_as_it_is_shipped(tmp_path):
    done = check_deploy(production_environment(tmp_path, secret=False))
    assert done.returncode != 0
    assert "covidxr.E001" in done.stderr
    assert "covidxr.E008" in done.stderr


def test_a_production_web_server_does_not_start_half_configured(tmp_path):
    environment = production_environment(tmp_path) | {"EMAIL_URL": ""}
    done = subprocess.run(
        [sys.executable, "-c", "import config.wsgi"],
        cwd=house.BASE_DIR, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode != 0
    assert "EMAIL_URL is missing" in done.stderr
