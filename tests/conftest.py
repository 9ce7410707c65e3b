"""The named cast and the places of the tests. Nothing here reaches outside the machine."""

from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client
from pytest_django.plugin import blocking_manager_key

from accounts.models import Site, User
from accounts.roles import Role
from config.start.translations import compile_locale
from images.models import Target
from tests import factories
from tests.buckets import s3_credentials, s3_endpoint, s3_server  # noqa: F401  (for all)
from tests.distribution import (  # noqa: F401  (hooks)
    pytest_collection_modifyitems,
    pytest_xdist_make_scheduler,
)
from tests.migrated import (  # noqa: F401  (fixtures for all)
    data_folder,
    migrated_postgres,
    migrated_sqlite,
    postgres_database,
)
from tests.servers import (  # noqa: F401  (fixtures for all)
    postgres_server,
    private_redis,
    redis_server,
)

ship = import_module("images.migrations.0002_targets").ship

# Git keeps what people wrote (.po); Django reads what is made of it (.mo).
compile_locale()


@pytest.fixture(autouse=True)
def clean_places(settings: LazySettings, tmp_path: Path) -> None:
    """Each test has own folders, an empty cache, quick password hashes and plain static files."""
    for name in (
        "MEDIA_ROOT", "FEATURES_DIR", "INPUTS_DIR", "SIMILAR_DIR", "ARTIFACTS_DIR", "MAIL_DIR",
        "INTAKE_DIR", "QUARANTINE_DIR", "EXPORTS_DIR", "RUNS_DIR", "MODELS_INTAKE_DIR",
    ):  # fmt: skip
        setattr(settings, name, tmp_path / name.lower())
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    cache.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None):
    """Tests that commit empty all tables after them: the targets that ship are put back."""
    result = yield
    if nextitem is not None and commits(item):
        with item.config.stash[blocking_manager_key].unblock():
            if not Target.objects.exists():
                ship(apps, schema_editor=None)
    return result


def commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    by_marker = marker is not None and marker.kwargs.get("transaction", False)
    return by_marker or bool({"transactional_db", "live_server"} & set(item.fixturenames))


@pytest.fixture
def site(db: None) -> Site:
    return factories.SiteFactory(name="Hospital del Milagro", code="milagro")


@pytest.fixture
def other_site(db: None) -> Site:
    return factories.SiteFactory(name="Hospital de Oaxaca", code="oaxaca")


@pytest.fixture
def health_worker(site: Site) -> User:
    return factories.UserFactory(full_name="Hebe Worker", role=Role.HEALTH_WORKER, site=site)


@pytest.fixture
def doctor(site: Site) -> User:
    return factories.UserFactory(full_name="Diego Doctor", role=Role.DOCTOR, site=site)


@pytest.fixture
def researcher(site: Site) -> User:
    return factories.UserFactory(full_name="Rosa Researcher", role=Role.RESEARCHER, site=site)


@pytest.fixture
def administrator(db: None) -> User:
    """An administrator of the whole platform."""
    return factories.UserFactory(full_name="Ada Administrator", role=Role.ADMINISTRATOR, site=None)


@pytest.fixture
def site_administrator(site: Site) -> User:
    return factories.UserFactory(full_name="Sara Site", role=Role.ADMINISTRATOR, site=site)


@pytest.fixture
def stranger(other_site: Site) -> User:
    """A health worker of another institution."""
    return factories.UserFactory(
        full_name="Santi Stranger", role=Role.HEALTH_WORKER, site=other_site
    )


@pytest.fixture
def pending(site: Site) -> User:
    """Signed up and verified, not approved yet."""
    return factories.UserFactory(
        full_name="Paula Pending",
        role="",
        site=None,
        requested_site=site,
        requested_role=Role.DOCTOR,
    )


@pytest.fixture
def sign_in():
    """`sign_in(user) -> Client`: a browser's client with a session of that person."""

    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return client_of


@pytest.fixture
def anonymous(db: None) -> Client:
    return Client()


@pytest.fixture
def actor(request: pytest.FixtureRequest, sign_in):
    """`actor("doctor") -> Client`, `actor("anonymous")`: for role x status tables."""

    def client_of(name: str) -> Client:
        return Client() if name == "anonymous" else sign_in(request.getfixturevalue(name))

    return client_of
