"""Pictures of results."""

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is installed by `make bench`")

TIMES = {"best_ms": 10.0, "median_ms": 11.0}
RESULTS = {
    "peers": {"contenders": {"ours, one by one": TIMES, "torch eager": TIMES}, "threads": 2},
    "engines": {"per_image": {"ours": {"1": TIMES, "8": TIMES}}},
    "growth": {"curve": [{"images": n, "ms_per_image": 9.0, "resident_mb": 5.0} for n in (10, 20)]},
    "end_to_end": {
        "bare_ms_per_image": 9.0,
        "four_users": {"ms_per_image": 9.5, "worker_memory_mb": [[50, 400.0], [500, 401.0]]},
        "four_users_one_by_one": {"ms_per_image": 9.6},
        "one_user": {"ms_per_image": 9.6},
    },
    "gpu": {"skipped": "no card"},
}


def test_one_file_for_each_result(tmp_path):
    from benchmarks.plots import draw_all

    drawn = draw_all(RESULTS, tmp_path)
    assert [path.name for path in drawn] == [
        "peers.svg", "engines.svg", "growth.svg", "end_to_end.svg",
    ]  # fmt: skip


def test_the_same_results_give_the_same_bytes(tmp_path):
    from benchmarks.plots import draw_all

    first = [path.read_bytes() for path in draw_all(RESULTS, tmp_path / "a")]
    assert first == [path.read_bytes() for path in draw_all(RESULTS, tmp_path / "b")]
