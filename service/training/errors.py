"""What can go wrong around a training, none of it a candidate's fault (those are `sandbox.RewardFault`).

ClusterFault              infrastructure: retried, never counted against a candidate
├── ClusterUnreachable    no Ray to be had at that address, or none could be started
└── WorkerLost            the process that trained a population died or its sandbox failed
FitnessFault              the run's fitness cannot score an episode: the run fails, no candidate is to blame
TrainingStopped           the caller asked for an end; what was reported is kept
"""

from __future__ import annotations


class ClusterFault(Exception):
    """The cluster failed; training goes on from the last checkpoints once it is back."""


class ClusterUnreachable(ClusterFault):
    """No Ray answers at the address, or none could be started on this machine."""


class WorkerLost(ClusterFault):
    """The process that trained a population died, or its sandbox failed."""


class FitnessFault(Exception):
    """The run's fitness raised, or gave no finite score, on a real episode."""


class TrainingStopped(Exception):
    """The caller asked for an end; every segment reported so far is kept."""
