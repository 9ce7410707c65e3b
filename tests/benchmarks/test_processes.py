"""Whose memory and processor time a process's is."""

import os

import pytest

from benchmarks import processes
from benchmarks.machine import environment, resident_bytes


@pytest.mark.parametrize(
    ("command", "role"),
    [
        (b"/x/python -m celery --quiet -A config worker -Q default", "worker"),
        (b"/x/python -m celery --quiet -A config beat", "beat"),
        (b"/x/python -m gunicorn -c python:config.gunicorn config.wsgi:application", "web"),
        (b"/x/python manage.py up", "up"),
        (b"/x/python manage.py shell", "other"),
    ],
)
def test_roles(command, role):
    assert processes.role_of(command.split()) == role


def test_resident_memory_of_a_process():
    assert resident_bytes(os.getpid()) > 10_000_000


def test_a_process_that_is_gone_has_no_memory():
    assert resident_bytes(4_194_305) == 0  # above the kernel's largest number


def test_processes_of_another_folder_are_not_counted(tmp_path):
    assert processes.members(tmp_path) == []


def test_a_scratch_platform_never_hears_of_a_real_database(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://real.example.org/patients")
    assert "DATABASE_URL" not in environment(PORT="1")
