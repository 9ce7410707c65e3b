"""The part about the list runs, on next to nothing, and asks for pages that exist."""

import pytest

from benchmarks import list_rows


@pytest.mark.slow
def test_every_way_to_ask_is_answered():
    measured = list_rows._in_own_process("", 500, 1)
    assert set(measured["page_p95_ms"]) == set(list_rows.QUERIES)
    assert measured["worst_page_p95_ms"] > 0
