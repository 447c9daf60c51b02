"""What one claimed run is worked with: its card, its designer, the store's writer, and whether to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from envs.card import EnvCard
from envs.recording import Recording, record
from envs.variables import Floats
from service.artifacts import ArtifactStore
from service.evolution.designer import variable_statistics
from service.evolution.warm_start import PolicyMismatch
from service.llm.contract import Designer, VariableStatistics
from service.schema import RunRecord
from service.store.store import Store
from service.store.writer import Writer
from service.training.cluster import Cluster

RECORDED_TRANSITIONS = 4096
RECORDING_SEED = 0


@dataclass(frozen=True)
class Tools:
    """What the steps of a run need; one for each claimed run. `cluster` starts Ray when it is first called, and raises
    `TrainingStopped` where it is told to stop meanwhile.

    `stopped`: whether the run must be left; `due`: one sentence on the budget that is used up, None while there is some left.
    """

    store: Store
    writer: Writer
    artifacts: ArtifactStore
    card: EnvCard
    designer: Designer
    cluster: Callable[[Callable[[], bool]], Cluster]
    stopped: Callable[[], bool]
    due: Callable[[], str | None]
    model_concurrency: int
    data_folder: Path

    @property
    def run_id(self) -> str:
        """The run that is worked on."""
        return self.writer.claim.run_id

    def record(self) -> RunRecord:
        """All that is stored of the run now."""
        return self.store.record(self.run_id)

    def policy(self, training_id: str) -> bytes:
        """The policy file of a finished training, of any run. Raises `NotFound`, `PolicyMismatch`, `ArtifactsError`."""
        key = self.store.policy_key(training_id)
        if key is None:
            raise PolicyMismatch(
                f"expected a finished training to begin with its policy, got {training_id}, which has none"
            )
        return self.artifacts.get(key)

    @cached_property
    def recording(self) -> Recording:
        """Recorded transitions of the run's environment; the same for every process."""
        return record(self.card, RECORDED_TRANSITIONS, RECORDING_SEED)

    @property
    def transitions(self) -> dict[str, Floats]:
        """The recorded transitions, random and trained, `(B,)` or `(B, n)` float32 by parameter: what rewards are probed on."""
        return self.recording.transitions

    @cached_property
    def statistics(self) -> dict[str, VariableStatistics]:
        """Statistics of what an untrained policy does, which designers are told: none may come from the human reward."""
        return variable_statistics(self.recording.untrained)


class Interrupted(Exception):
    """The run was asked to stop; what is stored is whole, and it can be resumed."""
