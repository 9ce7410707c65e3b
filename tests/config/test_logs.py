"""Log lines say what happened and never whose picture it happened to."""

import io
import json
import logging
import logging.config

import pytest
from django.db import IntegrityError
from django.urls import reverse

from config.logs import logging_settings, told

CANARY = "CANARY-17"
PROBLEM = f"duplicate key\nDETAIL: Key (code)=({CANARY}) already exists."


def failed():
    """A view's failure as PostgreSQL words it, with a patient's code in a variable too."""
    patient_code = CANARY
    try:
        raise ValueError(PROBLEM)
    except ValueError as reason:
        raise IntegrityError(f"could not store\n{patient_code}") from reason


@pytest.fixture(params=[True, False], ids=["json", "lines"])
def written(request):
    stream = io.StringIO()
    formatter = logging_settings(as_json=request.param, level="INFO")["formatters"]["lines"]
    handler = logging.StreamHandler(stream)
    configurator = logging.config.DictConfigurator({"version": 1})
    handler.setFormatter(configurator.configure_formatter(formatter))
    logger = logging.getLogger("tests.logs")
    logger.addHandler(handler)
    yield logger, stream
    logger.removeHandler(handler)


def test_a_failure_keeps_its_frames_and_loses_its_data(written):
    logger, stream = written
    try:
        failed()
    except IntegrityError:
        logger.exception("failed")
    assert "in failed" in stream.getvalue()
    assert "duplicate key" in stream.getvalue()
    assert CANARY not in stream.getvalue()


def test_json_lines_stay_one_a_record():
    stream = io.StringIO()
    formatter = logging_settings(as_json=True, level="INFO")["formatters"]["lines"]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        logging.config.DictConfigurator({"version": 1}).configure_formatter(formatter)
    )
    try:
        failed()
    except IntegrityError as problem:
        info = (type(problem), problem, problem.__traceback__)
        handler.handle(logging.LogRecord("x", logging.ERROR, "f", 1, "failed", None, info))
    line = json.loads(stream.getvalue())
    assert line["exception"].endswith("IntegrityError: could not store")


def test_causes_that_form_a_ring_end():
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert told((ValueError, first, None)).splitlines() == [
        "builtins.ValueError: second", "builtins.ValueError: first",
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/api/v1/images/?date_from=", "/nowhere/?patient="])
def test_what_a_person_searched_for_is_not_logged(sign_in, doctor, caplog, address):
    with caplog.at_level(logging.INFO):
        response = sign_in(doctor).get(address + CANARY)
    assert response.status_code in {400, 404}
    assert "request_finished" in caplog.text
    assert CANARY not in caplog.text


@pytest.mark.django_db
def test_the_address_of_a_visitor_is_not_what_the_visitor_says(anonymous, caplog):
    with caplog.at_level(logging.INFO):
        anonymous.get(reverse("images:list") + "nowhere", headers={"x-forwarded-for": "192.0.2.9"})
    assert "192.0.2.9" not in caplog.text
