"""How `-n 2 --dist loadfile` deals the tests out: file by file, and the browser's folder as one.

Why not the mark `xdist_group`: pytest-xdist 3.8 writes groups into node ids where pytest 9.2 no
longer reads them (pytest-dev/pytest-xdist#1386), and groups nothing without a word.
"""

import pytest

ONE_PIECE = "tests/browser"
# Few tests that take long: left to xdist's own order (most tests first), they would come last, and
# one worker would wait minutes for the other.
LONG = (f"{ONE_PIECE}/", "tests/faults/", "tests/config/", "tests/benchmarks/")


def piece_of(nodeid: str) -> str:
    """Tests of one piece run in one worker: those of a file, and all that need the browser."""
    return ONE_PIECE if nodeid.startswith(f"{ONE_PIECE}/") else nodeid.split("::", 1)[0]


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Another `--dist` is left as it is."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Pieces(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return piece_of(nodeid)

    config.option.loadscopereorder = False
    return Pieces(config, log)
