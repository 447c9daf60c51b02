"""What can go wrong around a training, none of it a candidate's fault (those are `sandbox.RewardFault`).

ClusterFault              infrastructure: retried, never counted against a candidate
├── ClusterUnreachable    no Ray to be had at that address, or none could be started
├── NoWorkers             the cluster has no node to train on: none yet, or none any more
├── ClusterTooSmall       no node can ever give the memory that a population needs
├── ClusterDied           the Ray that this process had started is gone; the next training starts another
└── WorkerLost            one population lost its worker again and again without getting anywhere
FitnessFault              the run's fitness cannot score an episode: the run fails, no candidate is to blame
TrainingStopped           the caller asked for an end; what was reported is kept
"""

from __future__ import annotations


class ClusterFault(Exception):
    """The cluster failed; training goes on from the last checkpoints once it is back."""


class ClusterUnreachable(ClusterFault):
    """No Ray answers at the address, or none could be started on this machine."""


class NoWorkers(ClusterFault):
    """No node of the cluster has a whole core: workers have not joined yet, or have all left."""


class ClusterTooSmall(ClusterFault):
    """No node of the cluster has the memory that a population needs, even when nothing else runs there."""


class ClusterDied(ClusterFault):
    """A process of the Ray that was started here has died, and all workers with it; the next training starts another Ray."""


class WorkerLost(ClusterFault):
    """The workers of one population died, or their sandboxes failed, several times in a row without one new segment."""


class FitnessFault(Exception):
    """The run's fitness raised, or gave no finite score, on a real episode."""


class TrainingStopped(Exception):
    """The caller asked for an end; every segment reported so far is kept."""
