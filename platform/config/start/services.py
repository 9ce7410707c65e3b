"""The processes of local mode: broker, web, three workers, beat, as `manage.py up` runs them."""

import http.client
import sys
from pathlib import Path

from django.conf import settings

from config.start import broker
from config.start.processes import Service

# Looking through a batch of files must not wait behind the network, nor the network behind it;
# and nobody who waits for a prediction waits behind a training.
INTAKE_QUEUES = "default"
QUEUES = "inference"
TRAINING_QUEUES = "training"
# What a training took in memory is given back with its process.
ONE_TASK_A_PROCESS = ("--max-tasks-per-child", "1")
# Celery warns root because a message could be a pickle; ours are JSON and nothing else is read.
ROOT_WARNING = "You're running the worker with superuser privileges"


def services() -> list[Service]:
    """In the order of starting. Without REDIS_URL a private broker comes first."""
    python = sys.executable
    celery = (python, "-W", f"ignore:{ROOT_WARNING}", "-m", "celery", "--quiet", "-A", "config")
    web = (python, "-m", "gunicorn", "-c", "python:config.gunicorn", "config.wsgi:application")
    worker = (
        *celery, "worker", "--concurrency", "1", "--loglevel", "WARNING",
        "--without-gossip", "--without-mingle", "-Q",
    )  # fmt: skip
    beat = (*celery, "beat", "--loglevel", "WARNING", "--pidfile=")
    own = [] if settings.BROKER.socket is None else [private_broker(settings.BROKER.socket)]
    return [
        *own,
        Service("web", web),
        Service("worker", (*worker, QUEUES, "-n", "worker@%h")),
        Service("intake", (*worker, INTAKE_QUEUES, "-n", "intake@%h")),
        Service("trainer", (*worker, TRAINING_QUEUES, "-n", "trainer@%h", *ONE_TASK_A_PROCESS)),
        Service("beat", beat),
    ]


def private_broker(socket: Path) -> Service:
    run = settings.DATA_DIR / "run"
    broker.private_folder(socket)
    argv = broker.command(broker.find_server(), socket, run)
    return Service("broker", argv, log=run / "broker.log", is_foundation=True)


def address() -> tuple[str, int]:
    """Where this machine itself reaches the web process: `0.0.0.0` is no address to call."""
    same_machine = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (read, not bound)
    return same_machine.get(settings.HOST, settings.HOST), settings.PORT


def url() -> str:
    host, port = address()
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def web_answers() -> bool:
    host, port = address()
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
