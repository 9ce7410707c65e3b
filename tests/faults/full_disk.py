"""Run by test_full_disk.py in a process of its own, its whole data folder on a small disk.

The disk is filled up to the reserve, used as people use it, and emptied again. Prints what the
addresses answered as JSON.
"""

import json
import os
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from images.models import IncomingFile, Patient, Radiograph  # noqa: E402
from images.services.upkeep import delete_for_good, trash  # noqa: E402
from tests import factories  # noqa: E402
from tests.images.conftest import files_below, upload_of  # noqa: E402
from tests.sending import Sender  # noqa: E402

# Names without hashes: nobody collected static files here.
settings.STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)
settings.ALLOWED_HOSTS = ["testserver"]
FILLER = Path(settings.DATA_DIR) / "filler"


def fill() -> None:
    """Leave a little less than the reserve: enough for the database, too little for a picture."""
    disk = os.statvfs(settings.DATA_DIR)
    free = disk.f_bavail * disk.f_frsize
    with FILLER.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - settings.DISK_RESERVE_BYTES + 4 * disk.f_frsize)


def kept() -> list:
    """Rows and files; nothing of what is refused may change them."""
    files = [files_below(folder) for folder in (settings.MEDIA_ROOT, settings.INTAKE_DIR)]
    return [Radiograph.objects.count(), Patient.objects.count(), *files]


def uploads(client, sender, announced: str, seed: int) -> dict[str, int]:
    form = client.post("/images/upload/", upload_of(factories.chest_png(seed)))
    api = client.post("/api/v1/images/", upload_of(factories.chest_png(seed + 1)))
    batch = sender.put(announced, factories.chest_png(99))
    return {"form": form.status_code, "api": api.status_code, "batch": batch.status_code}


def main() -> None:
    call_command("migrate", verbosity=0)
    doctor = factories.UserFactory()
    film = factories.make_radiograph(uploader=doctor, seed=1)
    client = Client()
    client.force_login(doctor, backend="allauth.account.auth_backends.AuthenticationBackend")
    sender = Sender(client)
    announced = sender.announced("a.png", factories.chest_png(99))
    told = {"before": kept()}
    fill()
    told["refused"] = uploads(client, sender, announced, 10)
    told["after"] = kept()
    password = {"login": doctor.email, "password": factories.PASSWORD}
    told["signs_in"] = Client().post("/account/login/", password).status_code
    told["reads"] = [
        client.get(address).status_code
        for address in ("/images/", f"/images/{film.pk}/", f"/images/{film.pk}/picture.png")
    ]
    trash(radiograph=film, by=doctor)
    told["deletes"] = delete_for_good(radiograph=film)
    FILLER.unlink()
    told["taken"] = uploads(client, sender, announced, 20)
    told["arrived"] = IncomingFile.objects.exclude(received_at=None).count()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
