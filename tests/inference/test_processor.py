"""How many threads are worth starting, and what the processor is called."""

import os

import pytest

from inference.ml import processor


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """`machine(quota, flags)` on eight cores, four of which this process may use."""

    def make(quota="max 100000\n", flags="fpu sse2"):
        (tmp_path / "cpu.max").write_text(quota)
        (tmp_path / "cpuinfo").write_text(f"processor : 0\nflags\t: {flags}\n")

    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2, 3})
    monkeypatch.setattr(processor, "_QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(processor, "_CPU_INFO", tmp_path / "cpuinfo")
    return make


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("max 100000", 4), ("150000 100000", 2), ("50000 100000", 1), ("900000 100000", 4), ("", 4)],
)
def test_cores_are_those_of_the_affinity_and_the_quota(machine, quota, cores):
    machine(quota)
    assert processor.usable_cores() == cores


def test_without_any_statement_of_a_quota_the_affinity_counts(machine):
    assert processor.usable_cores() == 4


@pytest.mark.parametrize(
    ("flags", "name"),
    [("avx avx2 avx512f avx512vl", "avx512"), ("avx avx2", "avx2"), ("fp asimd", "neon")],
)
def test_the_widest_instructions_are_named(machine, flags, name):
    machine(flags=flags)
    assert processor.instruction_set() == name


def test_an_unknown_processor_is_named_by_its_family(machine, monkeypatch):
    machine(flags="")
    monkeypatch.setattr(processor.platform, "machine", lambda: "riscv64")
    assert processor.instruction_set() == "riscv64"
