"""Divides the members of a job into populations, on the nodes of a cluster, by cores and within memory.

No result depends on the division: a member's is the same bits whoever is trained beside it, and with any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from service.training.errors import ClusterFault, ClusterTooSmall, NoWorkers
from service.training.job import Member

GIB = 2**30
WORTH = 1.15
"""What a population on each core may lose by members that do not go up: two had 1.04 to 1.18 times the steps of one on both."""
WAIT = 2.0
"""How many times as long members may take on the cores that are left, rather than wait for cores that are not."""


@dataclass(frozen=True)
class Node:
    """A machine of the cluster: `cores` and `memory` (bytes) are what Ray may give away there when nothing runs."""

    id: str
    cores: int
    memory: int


@dataclass(frozen=True)
class Placement:
    """A population: the members that are trained in one process on `node`, with `cores` of it and `memory` bytes."""

    node: Node
    cores: int
    members: tuple[Member, ...]
    memory: int


def pack(members: Sequence[Member], nodes: Sequence[Node], memory: Callable[[int], int]) -> tuple[Placement, ...]:
    """Each member goes where most core is left for it; a node's share is one population, or one for each of its cores.

    So members are divided in proportion to cores, and a slow node gets none where it would only hold up the others.
    `memory` gives the bytes that a population of so many members needs. Processes on a core each wait neither for each other nor
    for Python's lock; a node has them where their memory fits and the largest takes at most `WORTH` times as long as members that
    are divided evenly would.

    Raises `NoWorkers` if there is no node with a whole core, `ClusterTooSmall` if not the memory for all members.
    """
    usable = sorted((node for node in nodes if node.cores >= 1), key=lambda node: (-node.cores, node.id))
    if not usable:
        raise NoWorkers("expected a node with at least 1 core in the Ray cluster, found none; start a worker")
    counts = dict.fromkeys((node.id for node in usable), 0)
    for placed in range(len(members)):
        roomy = [node for node in usable if memory(counts[node.id] + 1) <= node.memory]
        if not roomy:
            raise ClusterTooSmall(_no_room(len(members), placed, usable, memory))
        best = min(roomy, key=lambda node: (counts[node.id] + 1) / node.cores)
        counts[best.id] += 1
    placements: list[Placement] = []
    first = 0
    for node in usable:
        share = tuple(members[first : first + counts[node.id]])
        first += len(share)
        if share:
            placements += _populations(share, node, memory)
    return tuple(placements)


def pack_again(
    members: Sequence[Member], nodes: Sequence[Node], taken: Sequence[Placement], memory: Callable[[int], int]
) -> tuple[Placement, ...]:
    """Places members whose workers were lost, while populations of the same job have `taken` a part of the nodes.

    On what those leave, unless that is so little that waiting for them is better. Raises as `pack` does where no whole node will
    do.
    """
    left: tuple[Placement, ...] = ()
    with suppress(ClusterFault):
        left = pack(members, [_less(node, taken) for node in nodes], memory)
    whole = pack(members, nodes, memory)
    return left if left and _longest(left) <= WAIT * _longest(whole) else whole


def _less(node: Node, taken: Sequence[Placement]) -> Node:
    here = [placement for placement in taken if placement.node.id == node.id]
    cores, memory = sum(one.cores for one in here), sum(one.memory for one in here)
    return replace(node, cores=node.cores - cores, memory=node.memory - memory)


def _longest(placements: Sequence[Placement]) -> float:
    """The most members to a core."""
    return max(len(one.members) / one.cores for one in placements)


def _populations(share: Sequence[Member], node: Node, memory: Callable[[int], int]) -> list[Placement]:
    """One for each core of a node, or one with all."""
    parts = [tuple(share[core :: node.cores]) for core in range(min(node.cores, len(share)))]
    balanced = len(parts[0]) <= WORTH * len(share) / node.cores
    if balanced and sum(memory(len(part)) for part in parts) <= node.memory:
        return [Placement(node, 1, part, memory(len(part))) for part in parts]
    return [Placement(node, node.cores, tuple(share), memory(len(share)))]


def _no_room(members: int, placed: int, nodes: Sequence[Node], memory: Callable[[int], int]) -> str:
    has = ", ".join(f"{node.memory / GIB:.1f} GiB" for node in nodes)
    return (
        f"{members} policies trained together need {memory(members) / GIB:.1f} GiB on one node, the cluster's nodes have {has}: "
        f"room for {placed}; ask for fewer candidates, environments or a shorter rollout, or add a node"
    )
