"""Divides the members of a job into populations, one for each node of a cluster, by cores and within memory.

No result depends on the division: a member's is the same bits whoever is trained beside it, and with any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.training.errors import ClusterTooSmall, NoWorkers
from service.training.job import Member

GIB = 2**30


@dataclass(frozen=True)
class Node:
    """A machine of the cluster: `cores` and `memory` (bytes) are what Ray may give away there when nothing runs."""

    id: str
    cores: int
    memory: int


@dataclass(frozen=True)
class Placement:
    """A population: the members that are trained in one process on `node`, with all its cores and `memory` bytes."""

    node: Node
    members: tuple[Member, ...]
    memory: int


def pack(members: Sequence[Member], nodes: Sequence[Node], memory: Callable[[int], int]) -> tuple[Placement, ...]:
    """One population for each node that gets members; each member goes where most core is left for it.

    So members are divided in proportion to cores, and a slow node gets none where it would only hold up the others.
    `memory` gives the bytes that a population of so many members needs.

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
            placements.append(Placement(node, share, memory(len(share))))
    return tuple(placements)


def _no_room(members: int, placed: int, nodes: Sequence[Node], memory: Callable[[int], int]) -> str:
    has = ", ".join(f"{node.memory / GIB:.1f} GiB" for node in nodes)
    return (
        f"{members} policies trained together need {memory(members) / GIB:.1f} GiB on one node, the cluster's nodes have {has}: "
        f"room for {placed}; ask for fewer candidates, environments or a shorter rollout, or add a node"
    )
