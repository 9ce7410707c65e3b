"""The commands of docker-compose.yml, started as they stand against real servers, predict.

No container engine is needed: the same commands run with the same settings, only the addresses of
PostgreSQL and Redis and the folders are this machine's.
"""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import pytest
from django.conf import settings

from tests.config.compose import compose
from tests.config.samples import example_values
from tests.factories import film_png
from tests.servers import free_port, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.data, pytest.mark.postgres, pytest.mark.redis]

SHARED = Path(os.environ.get("COVIDXR_SHARED", Path(settings.BASE_DIR).parent / "shared"))
WEIGHTS = SHARED / "weights" / "vgg16_features_imagenet.safetensors"
SERVICES = ["web", "worker", "worker-cpu", "worker-train", "beat"]
SECONDS = 180
# A doctor with an API token, as the pages would make them.
MAKE_DOCTOR = """
from accounts.models import ApiTokenScope, Site, User
from accounts.roles import Role
from accounts.services import issue_token
site = Site.objects.create(name="Hospital", code="hospital")
doctor = User.objects.create_user(
    "doctor@example.org", "x" * 20, full_name="Doctor", role=Role.DOCTOR, site=site)
print(issue_token(user=doctor, name="test", scope=ApiTokenScope.WRITE, days=1)[1])
"""


class Deployment:
    """The services of the file on this machine."""

    def __init__(self, folder, database, redis):
        self.folder, self.port = folder, free_port()
        own = {
            "SECRET_KEY": secrets.token_urlsafe(64),
            "IDENTITY_KEY": secrets.token_urlsafe(64),
            "PUBLISHED_PORT": str(self.port),
        }
        self.env_file = example_values() | own
        self.services = compose(**self.env_file)["services"]
        self.here = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "DATA_DIR": str(folder / "data"),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "VGG16_WEIGHTS": str(WEIGHTS),
            "WEB_CONCURRENCY": "1",
        }

    def environment(self, name):
        alive = {"ALIVE_FILE": str(self.folder / f"alive-{name}")}
        return self.env_file | self.services[name]["environment"] | self.here | alive

    def popen(self, name):
        log = (self.folder / f"{name}.log").open("wb")
        with log:
            return subprocess.Popen(
                self.command(name), cwd=settings.BASE_DIR, env=self.environment(name),
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def command(self, name):
        return [sys.executable if word == "python" else word for word in
                self.services[name]["command"]]  # fmt: skip

    def run(self, *words):
        done = subprocess.run(
            [sys.executable, *words], cwd=settings.BASE_DIR, env=self.environment("migrate"),
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def is_healthy(self, name):
        _, *words = self.services[name]["healthcheck"]["test"]
        words = [sys.executable if word == "python" else word for word in words]
        done = subprocess.run(words, cwd=settings.BASE_DIR, env=self.environment(name))
        return done.returncode == 0

    def ask(self, path, token="", body=None, kind=""):
        """One request as the TLS proxy passes it on; answers (status, JSON)."""
        headers = {"Host": self.env_file["ALLOWED_HOSTS"], "X-Forwarded-Proto": "https"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Content-Type": kind} if kind else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.load(refusal)

    def logs(self):
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))


@pytest.fixture
def deployment(tmp_path, postgres_database, redis_server):
    if not WEIGHTS.exists():
        pytest.skip("the VGG16 weights of ../shared are not here")
    house = Deployment(tmp_path, postgres_database, redis_server)
    migrate = house.popen("migrate")
    assert migrate.wait(SECONDS) == 0, house.logs()
    with contextlib.ExitStack() as stack:
        for name in SERVICES:
            process = stack.enter_context(house.popen(name))
            stack.callback(process.wait, SECONDS)
            stack.callback(process.terminate)
        yield house


def multipart(**parts):
    """Body and content type of a form; a value that is bytes is sent as a file."""
    line = uuid.uuid4().hex
    body = b""
    for name, value in parts.items():
        is_file = isinstance(value, bytes)
        extra = '; filename="film.png"\r\nContent-Type: image/png' if is_file else ""
        head = f'--{line}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'
        body += head.encode() + (value if is_file else value.encode()) + b"\r\n"
    return body + f"--{line}--\r\n".encode(), f"multipart/form-data; boundary={line}"


def test_the_services_of_compose_predict(deployment):
    for name in SERVICES:
        wait_until(lambda name=name: deployment.is_healthy(name), SECONDS, f"health of {name}")
    token = deployment.run("manage.py", "shell", "--verbosity", "0", "-c", MAKE_DOCTOR).strip()
    body, kind = multipart(file=film_png(7), patient_code="P-1", view="PA")
    status, image = deployment.ask("/api/v1/images/", token, body, kind)
    assert status == 201, image

    def prediction():
        found = deployment.ask(f"/api/v1/predictions/?radiograph={image['id']}", token)[1]
        return next(iter(found["results"]), {"status": "none"})

    wait_until(lambda: prediction()["status"] == "done", SECONDS, f"result\n{deployment.logs()}")
    assert 0 <= prediction()["probability"] <= 1
    wait_until(lambda: deployment.ask("/readyz")[0] == 200, SECONDS, "every part ready")
