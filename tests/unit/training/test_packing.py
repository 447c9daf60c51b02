"""How the members of a job are divided over the nodes of a cluster."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.training.errors import ClusterTooSmall, NoWorkers
from service.training.job import Member
from service.training.packing import GIB, Node, Placement, pack, pack_again


def node(name: str, cores: int, gib: int = 100) -> Node:
    return Node(name, cores, gib * GIB)


def members(count: int) -> tuple[Member, ...]:
    return tuple(Member(f"member-{i}", i, None) for i in range(count))


def one_gib_each(count: int) -> int:
    return count * GIB


def shares(count: int, *nodes: Node) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for place in pack(members(count), nodes, one_gib_each):
        counts[place.node.id] += len(place.members)
    return dict(counts)


def populations(count: int, cores: int, gib: int = 100, base: int = 0) -> list[tuple[int, int]]:
    """Cores and members of each population of one node, where a process needs `base` GiB and one for each member."""
    places = pack(members(count), [node("a", cores, gib)], lambda own: (base + own) * GIB)
    return [(place.cores, len(place.members)) for place in places]


@pytest.mark.parametrize(
    ("count", "nodes", "expected"),
    [
        (5, [node("a", 2)], {"a": 5}),  # a local Ray
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


@pytest.mark.parametrize(
    ("count", "cores", "expected"),
    [
        (8, 2, [(1, 4), (1, 4)]),
        (
            8,
            3,
            [(1, 3), (1, 3), (1, 2)],
        ),  # 3 members after each other, where 8 / 3 = 2.67 would be even: 1.13 times as long
        (7, 8, [(1, 1)] * 7),  # 1 where 7 / 8 would be even: 1.14 times
        (3, 2, [(2, 3)]),  # 2 where 1.5 would be even: 1.33 times
        (9, 8, [(8, 9)]),
        (1, 2, [(2, 1)]),
        (3, 1, [(1, 3)]),
    ],
)
def test_each_core_has_a_population_where_members_go_up_nearly(
    count: int, cores: int, expected: list[tuple[int, int]]
) -> None:
    assert populations(count, cores) == expected


def test_a_node_without_the_memory_for_a_process_on_each_core_has_one() -> None:
    # Two processes need 2 * (3 + 4) GiB, one needs 3 + 8.
    assert populations(8, 2, gib=14, base=3) == [(1, 4), (1, 4)]
    assert populations(8, 2, gib=13, base=3) == [(2, 8)]


def again(count: int, nodes: list[Node], taken: list[Placement]) -> list[tuple[str, int, int]]:
    """Node, cores and members of each population that lost members go to."""
    places = pack_again(members(count), nodes, taken, one_gib_each)
    return [(place.node.id, place.cores, len(place.members)) for place in places]


def taking(one: Node, cores: int, count: int = 1) -> Placement:
    return Placement(one, cores, members(count), count * GIB)


def test_what_a_node_held_is_divided_again_as_it_was_when_the_node_is_back() -> None:
    assert again(8, [node("a", 8)], []) == [("a", 1, 1)] * 8


def test_the_members_of_one_lost_worker_go_to_the_core_that_it_had() -> None:
    here = node("a", 2)
    assert again(4, [here], [taking(here, 1, 4)]) == [("a", 1, 4)]


def test_members_of_a_lost_node_wait_for_the_cores_of_another_that_are_all_taken() -> None:
    other = node("b", 8)
    assert again(8, [other], [taking(other, 1)] * 8) == [("b", 1, 1)] * 8


def test_members_wait_for_a_whole_node_rather_than_crowd_the_little_that_is_left() -> None:
    # On the one core left: 9 members after each other. On all eight: 9 / 8.
    other = node("b", 8)
    assert again(9, [other], [taking(other, 1)] * 7) == [("b", 8, 9)]
    # On the five cores left: 2 after each other, less than twice 9 / 8.
    assert again(9, [other], [taking(other, 1)] * 3) == [("b", 1, 2)] * 4 + [("b", 1, 1)]


def test_lost_members_that_no_node_can_hold_are_refused() -> None:
    with pytest.raises(ClusterTooSmall):
        again(4, [node("a", 2, gib=3)], [])
    with pytest.raises(NoWorkers):
        again(4, [], [])


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
    assert all(place.members and place.memory == len(place.members) * GIB for place in places)
    for one in nodes:
        own = [place for place in places if place.node is one]
        assert sum(place.cores for place in own) <= one.cores
        assert sum(place.memory for place in own) <= one.memory
