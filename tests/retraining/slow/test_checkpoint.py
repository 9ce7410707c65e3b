"""An epoch on the disk is whole or absent, and what was changed is not trusted."""

import errno
import json
import os

import pytest
import torch
from safetensors.torch import load_file

from retraining.ml.slow import checkpoint, tensors
from retraining.ml.slow.checkpoint import Progress
from retraining.ml.training_spec import EpochReport

FILES = ("network.safetensors", "optimizer.safetensors", "kept.safetensors", "progress.json")


def state(value: float):
    return {
        "weight": torch.full((3, 4), value),
        "count": torch.tensor(7),
        "step": torch.tensor(value),
    }


def progress(epoch, kept=1, fingerprint="f"):
    reports = [EpochReport(n, 0.5 / n, 0.6 / n, None, 1.0) for n in range(1, epoch + 1)]
    return Progress(fingerprint, tuple(reports), kept)


def keep(folder, epoch, *, kept=None, is_best=True):
    checkpoint.save(
        folder,
        progress(epoch, kept or epoch),
        network=state(epoch),
        optimizer=state(epoch + 0.25),
        kept=state(epoch + 0.5) if is_best else None,
    )


def test_it_comes_back_as_it_was(tmp_path):
    keep(tmp_path, 1)
    found = checkpoint.newest(tmp_path, "f")
    assert found.progress == progress(1)
    assert torch.equal(found.network()["weight"], state(1)["weight"])
    assert torch.equal(found.optimizer()["step"], torch.tensor(1.25))
    assert torch.equal(found.kept()["weight"], state(1.5)["weight"])
    assert found.network()["count"].dtype == torch.int64


def test_the_files_are_ordinary_safetensors(tmp_path):
    keep(tmp_path, 1)
    read = load_file(tmp_path / "epoch-0001" / "network.safetensors")
    assert torch.equal(read["weight"], state(1)["weight"])


@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3, 4)], ids=str)
def test_tensors_of_any_shape_are_written(tmp_path, shape):
    values = torch.randn(shape, generator=torch.Generator().manual_seed(0)).half()
    turned = values.float().permute(tuple(reversed(range(values.ndim))))  # not contiguous
    path = tmp_path / "one.safetensors"
    with path.open("wb") as stream:
        told = tensors.write(stream, {"a": values, "b": turned})
    assert told == tensors.file_sha256(path)
    assert torch.equal(tensors.read(path)["a"], values)
    assert torch.equal(tensors.read(path)["b"], turned)


def test_only_the_last_epoch_is_kept(tmp_path):
    for epoch in (1, 2, 3):
        keep(tmp_path, epoch)
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-0003"]


def test_the_best_epoch_is_handed_on(tmp_path):
    keep(tmp_path, 1)
    keep(tmp_path, 2, kept=1, is_best=False)
    keep(tmp_path, 3, kept=1, is_best=False)
    found = checkpoint.newest(tmp_path, "f")
    assert found.progress.kept_epoch == 1
    assert torch.equal(found.kept()["weight"], state(1.5)["weight"])


def test_it_is_handed_on_without_hard_links_too(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "no links here")

    keep(tmp_path, 1)
    monkeypatch.setattr(os, "link", refuse)
    keep(tmp_path, 2, kept=1, is_best=False)
    assert torch.equal(checkpoint.newest(tmp_path, "f").kept()["weight"], state(1.5)["weight"])


def test_there_is_none_in_an_empty_folder(tmp_path):
    assert checkpoint.newest(tmp_path, "f") is None
    assert checkpoint.newest(tmp_path / "absent", "f") is None


def test_that_of_another_training_is_thrown_away(tmp_path):
    keep(tmp_path, 1)
    assert checkpoint.newest(tmp_path, "other") is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_found(tmp_path, name):
    keep(tmp_path, 1)
    path = tmp_path / "epoch-0001" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert checkpoint.newest(tmp_path, "f") is None


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_shortened_file_is_found(tmp_path, name):
    keep(tmp_path, 1)
    path = tmp_path / "epoch-0001" / name
    path.write_bytes(path.read_bytes()[:-3])
    assert checkpoint.newest(tmp_path, "f") is None
    keep(tmp_path, 1)
    path.unlink()
    assert checkpoint.newest(tmp_path, "f") is None


def test_another_format_is_not_read(tmp_path):
    keep(tmp_path, 1)
    path = tmp_path / "epoch-0001" / "progress.json"
    content = json.loads(path.read_text())
    del content["sha256"]
    content["format"] = 99
    path.write_text(json.dumps(content | {"sha256": checkpoint._sha256_of(content)}))
    assert checkpoint.newest(tmp_path, "f") is None


def test_what_a_killed_process_left_in_half_is_swept(tmp_path):
    keep(tmp_path, 1)
    half = tmp_path / ".0123abcd.part"
    half.mkdir()
    (half / "network.safetensors").write_bytes(b"half")
    assert checkpoint.newest(tmp_path, "f").progress.epoch == 1
    assert not half.exists()


@pytest.mark.parametrize("written", [0, 1, 2, 3])
def test_a_full_disk_leaves_the_epoch_before(tmp_path, monkeypatch, written):
    keep(tmp_path, 1)
    real, calls = os.fsync, []

    def fill_up(descriptor):
        calls.append(descriptor)
        if len(calls) > written:
            raise OSError(errno.ENOSPC, "no room")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fill_up)
    with pytest.raises(OSError, match="no room"):
        keep(tmp_path, 2)
    monkeypatch.undo()
    assert checkpoint.newest(tmp_path, "f").progress == progress(1)
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-0001"]


def test_nobody_else_may_read_it(tmp_path):
    keep(tmp_path / "run", 1)
    assert (tmp_path / "run").stat().st_mode & 0o077 == 0
    assert (tmp_path / "run" / "epoch-0001").stat().st_mode & 0o077 == 0
