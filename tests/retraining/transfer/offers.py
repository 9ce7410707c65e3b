"""Offering a file, and what may be left when it was refused."""

import io

from inference.artifact_store import kept_folder
from retraining import services
from retraining.models import ModelImport, ModelVersion
from tests.retraining.transfer import packages


def take_in(content: bytes, by, **facts) -> ModelImport:
    offered = services.request_import(upload=io.BytesIO(content), by=by, **facts)
    services.work_on_import()
    offered.refresh_from_db()
    return offered


def assert_nothing_stays():
    assert not ModelVersion.objects.exists()
    assert packages.offered_files() == []
    folder = kept_folder("")
    assert not folder.exists() or list(folder.iterdir()) == []


def export(version, by) -> bytes:
    with services.export_version(version=version, by=by).content as stream:
        return stream.read()
