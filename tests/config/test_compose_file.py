"""docker-compose.yml is valid, whole, and agrees with the image and with .env.example.

compose-spec.json is the Compose Specification's schema (Apache-2.0, compose-spec.LICENSE).
"""

import json
from pathlib import Path

import pytest
from django.conf import settings
from jsonschema import Draft202012Validator

from tests.config.compose import compose
from tests.config.samples import example_values

SCHEMA = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
SERVICES = ["web", "worker", "worker-gpu", "worker-cpu", "worker-train", "beat"]
SERVERS = ["postgres", "redis"]
FILE = compose(**example_values())


def command(name):
    return FILE["services"][name]["command"]


def test_it_satisfies_the_schema_of_compose():
    errors = Draft202012Validator(SCHEMA).iter_errors(FILE)
    assert [error.message for error in errors] == []


def test_the_schema_refuses_nonsense():
    broken = {"services": {"web": {"comand": ["x"]}}}
    assert not Draft202012Validator(SCHEMA).is_valid(broken)


@pytest.mark.parametrize("name", [*SERVICES, *SERVERS])
def test_every_service_has_a_health_check(name):
    check = FILE["services"][name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert check["retries"] > 1


@pytest.mark.parametrize("name", SERVICES)
def test_services_wait_for_the_release_step_and_the_servers(name):
    waits_for = FILE["services"][name]["depends_on"]
    conditions = {server: how["condition"] for server, how in waits_for.items()}
    assert conditions == {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "redis": "service_healthy",
    }


@pytest.mark.parametrize(
    ("name", "queue"),
    [("worker", "default"), ("worker-gpu", "inference"), ("worker-cpu", "inference"),
     ("worker-train", "training")],
)  # fmt: skip
def test_each_worker_takes_its_own_queue(name, queue):
    words = command(name)
    assert words[words.index("-Q") + 1] == queue


def test_every_queue_of_the_house_has_a_worker():
    queues = {words[words.index("-Q") + 1] for words in map(command, SERVICES) if "-Q" in words}
    assert queues == {"default", "inference", "training"}


def test_a_training_gives_its_memory_back():
    words = command("worker-train")
    assert words[words.index("--max-tasks-per-child") + 1] == "1"


def test_what_trains_gets_what_the_others_leave():
    assert FILE["services"]["worker-train"]["cpu_shares"] == 2


def test_only_the_gpu_worker_reserves_a_card():
    with_card = [name for name, service in FILE["services"].items() if "deploy" in service]
    assert with_card == ["worker-gpu"]


def test_no_port_is_open_to_the_world():
    ports = [port for service in FILE["services"].values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:8000:8000"]


def test_a_missing_password_is_told_and_not_guessed():
    with pytest.raises(KeyError, match="POSTGRES_PASSWORD: set it in"):
        compose(**example_values() | {"POSTGRES_PASSWORD": ""})


def test_the_example_chooses_who_predicts():
    profiles = {
        profile for service in FILE["services"].values() for profile in service.get("profiles", [])
    }
    assert example_values()["COMPOSE_PROFILES"] in profiles


def test_the_image_starts_the_web_server_like_compose():
    dockerfile = (Path(settings.BASE_DIR) / "Dockerfile").read_text()
    assert f"CMD {json.dumps(command('web'))}" in dockerfile
