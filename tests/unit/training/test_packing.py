"""How the members of a job are divided over the nodes of a cluster."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.training.errors import ClusterTooSmall, NoWorkers
from service.training.job import Member
from service.training.packing import GIB, Node, pack


def node(name: str, cores: int, gib: int = 100) -> Node:
    return Node(name, cores, gib * GIB)


def members(count: int) -> tuple[Member, ...]:
    return tuple(Member(f"member-{i}", i, None) for i in range(count))


def one_gib_each(count: int) -> int:
    return count * GIB


def shares(count: int, *nodes: Node) -> dict[str, int]:
    return {place.node.id: len(place.members) for place in pack(members(count), nodes, one_gib_each)}


@pytest.mark.parametrize(
    ("count", "nodes", "expected"),
    [
        (5, [node("a", 2)], {"a": 5}),  # a local Ray: one population
        (8, [node("a", 4), node("b", 4)], {"a": 4, "b": 4}),
        (6, [node("a", 4), node("b", 2)], {"a": 4, "b": 2}),  # in proportion to cores
        (3, [node("a", 4), node("b", 4), node("c", 4), node("d", 4)], {"a": 1, "b": 1, "c": 1}),  # no empty populations
        (3, [node("a", 8), node("b", 1)], {"a": 3}),  # alone on b a member would take 8/3 as long as all three on a
        (2, [node("a", 0), node("b", 1)], {"b": 2}),  # a head node that only manages
        (4, [node("a", 8, gib=1), node("b", 1, gib=3)], {"a": 1, "b": 3}),  # what memory leaves
    ],
)
def test_members_are_divided_by_cores_within_memory(count: int, nodes: list[Node], expected: dict[str, int]) -> None:
    assert shares(count, *nodes) == expected


def test_a_population_is_given_the_memory_its_members_need() -> None:
    (place,) = pack(members(3), [node("a", 2)], one_gib_each)
    assert place.memory == 3 * GIB


def test_a_cluster_without_a_whole_core_has_no_workers() -> None:
    with pytest.raises(NoWorkers, match="at least 1 core"):
        shares(1, node("head", 0))


def test_a_cluster_without_the_memory_is_refused_with_both_figures() -> None:
    with pytest.raises(ClusterTooSmall, match=r"need 5\.0 GiB .* have 2\.0 GiB, 1\.0 GiB: room for 3"):
        shares(5, node("a", 2, gib=2), node("b", 1, gib=1))


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.integers(1, 40), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 20)), min_size=1, max_size=6))
def test_every_member_is_placed_once_and_no_node_beyond_its_memory(count: int, sizes: list[tuple[int, int]]) -> None:
    nodes = [node(str(i), cores, gib) for i, (cores, gib) in enumerate(sizes)]
    room = sum(gib for cores, gib in sizes if cores)
    if room < count:
        with pytest.raises(ClusterTooSmall if any(cores for cores, _ in sizes) else NoWorkers):
            pack(members(count), nodes, one_gib_each)
        return
    places = pack(members(count), nodes, one_gib_each)
    assert sorted(one.seed for place in places for one in place.members) == list(range(count))
    assert len({place.node.id for place in places}) == len(places)
    assert all(place.node.cores >= 1 and len(place.members) * GIB <= place.node.memory for place in places)
