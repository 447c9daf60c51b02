"""Records an episode of each trained candidate for people to look at, beside the policy that plays it."""

from __future__ import annotations

import gzip

from envs.errors import EnvironmentFault
from sandbox import RewardFault
from service.artifacts import meshes_key, replay_key
from service.orchestrator.abandonable import run_all
from service.orchestrator.work import Interrupted, Tools
from service.schema import Candidate, Run, Training
from service.training.errors import FitnessFault
from service.training.job import code_of, metric_of

SEED = 0
"""One for all, so that the candidates of a run can be watched side by side from the same start."""
COMPRESSION = 6
"""More takes two to four times as long and saves nothing."""


def record_replay(tools: Tools, run: Run, candidate: Candidate, training: Training) -> None:
    """Plays a finished training's policy for one episode and stores the replay: the same bytes whenever it is done again.

    Does nothing where the card has no reference to play in; what goes wrong in this one episode is said in the run's log and
    costs the candidate nothing else. Raises `Interrupted` where the run must be left, `ArtifactsError`, `SandboxFault`.
    """
    if tools.card.engine.reference is None:
        return
    recorded: list[dict[str, bytes]] = []
    try:
        if tools.stopped() or not run_all(
            [lambda: recorded.append(_record(tools, run, candidate, training))], 1, tools.stopped
        ):
            raise Interrupted
    except (RewardFault, FitnessFault, EnvironmentFault) as fault:
        tools.writer.log(f"no replay of candidate {candidate.id}: {fault}")
        return
    for key, data in recorded[0].items():
        tools.artifacts.put(key, data)


def _record(tools: Tools, run: Run, candidate: Candidate, training: Training) -> dict[str, bytes]:
    """The replay's artifacts by key, compressed; the meshes first, so that a stored replay never names any that are not there."""
    from service.training.replay import play  # they bring MuJoCo and JAX
    from service.training.replay_file import replay_files

    code = code_of(tools.card, training.reward, candidate.source)
    metric = metric_of(tools.card, run.fitness)
    files = replay_files(play(tools.card, tools.policy(training.id), code, metric, SEED))
    artifacts = {} if files.meshes is None else {meshes_key(files.meshes.digest): files.meshes.content}
    artifacts[replay_key(run.id, training.id)] = files.episode
    return {key: gzip.compress(data, COMPRESSION, mtime=0) for key, data in artifacts.items()}
