"""Who belongs together when some pairs do: union-find (Tarjan 1975), here over patients and groups
of copies."""

from collections.abc import Hashable, Iterable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def components(pairs: Iterable[tuple[T, T]]) -> list[set[T]]:
    """The smallest sets such that both of each pair are in one, each item in exactly one."""
    parents: dict[T, T] = {}
    for one, other in pairs:
        parents[_root(parents, one)] = _root(parents, other)
    sets: dict[T, set[T]] = {}
    for item in list(parents):
        sets.setdefault(_root(parents, item), set()).add(item)
    return list(sets.values())


def _root(parents: dict[T, T], item: T) -> T:
    parents.setdefault(item, item)
    while parents[item] != item:
        parents[item] = parents[parents[item]]
        item = parents[item]
    return item
