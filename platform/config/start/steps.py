"""Everything between an empty data folder and a platform that can serve, each step idempotent."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from accounts.services import create_first_administrator
from config.checks import refuse_bad_deployment
from config.health import pending_migrations
from config.start import place, static
from config.start.translations import compile_locale
from config.start.trouble import StartFailed
from inference.ml.errors import ArtifactRefused
from inference.services import install_baseline
from inference.worker import fetched_weights

Report = Callable[[str], None]


@dataclass(frozen=True)
class Prepared:
    """`one_time_password` is empty unless the administrator was made by this very start."""

    administrator: str
    one_time_password: str


def prepare(report: Report) -> Prepared:
    """Bring folders, database, translations, static files, weights, model and account up to date.

    `report` gets one line for each step that has something to do. Raises StartFailed and whatever
    `trouble.one_line` knows how to tell.
    """
    refuse_bad_deployment()
    ensure_places()
    migrate(report)
    if compile_locale():
        report("Translations compiled")
    collect_static(report)
    fetch_weights(report)
    deploy_baseline(report)
    return first_administrator(report)


def ensure_places() -> None:
    place.ensure_folder(settings.DATA_DIR)
    needed = place.ROOM_TO_RUN if _has_weights() else place.ROOM_TO_PREPARE
    place.ensure_room(settings.DATA_DIR, needed)
    for folder in (settings.MEDIA_ROOT, settings.MAIL_DIR, settings.DATA_DIR / "run"):
        place.ensure_folder(Path(folder))


def migrate(report: Report) -> None:
    waiting = pending_migrations()
    if waiting:
        report(f"Database: applying {len(waiting)} migrations")
        call_command("migrate", interactive=False, verbosity=0)
    if connection.vendor == "sqlite":
        _keep_private(Path(connection.settings_dict["NAME"]))


def _keep_private(database: Path) -> None:
    for path in (database, Path(f"{database}-wal"), Path(f"{database}-shm")):
        with suppress(FileNotFoundError):
            path.chmod(0o600)


def collect_static(report: Report) -> None:
    if not (Path(settings.STATIC_ROOT) / static.STAMP).exists():
        report("Static files: collecting and compressing (some seconds)")
    static.collect()


def fetch_weights(report: Report) -> None:
    if _has_weights():
        return
    report("VGG16 weights: fetching (61 MB, a minute on a slow line)")
    call_command("fetch_weights")
    if not _has_weights():
        raise StartFailed("The VGG16 weights could not be fetched: set VGG16_WEIGHTS to a file.")


def _has_weights() -> bool:
    return fetched_weights().exists()


def deploy_baseline(report: Report) -> None:
    try:
        deployed = install_baseline()
    except ArtifactRefused as refusal:
        raise StartFailed(f"The baseline model cannot serve: {refusal}.") from refusal
    if deployed is not None:
        report(f"Model: {deployed.version} serves")


def first_administrator(report: Report) -> Prepared:
    email = settings.ADMIN_EMAIL
    if User.objects.administrators_of(None).exists():
        return Prepared(administrator=email, one_time_password="")
    password = create_first_administrator(email)
    # Told at once too: should the start fail after this, the password is not lost.
    report(f"Administrator {email}, one-time password: {password}")
    return Prepared(administrator=email, one_time_password=password)
