"""Plays the policy of a candidate and keeps the episode as a file."""

from __future__ import annotations

from pathlib import Path

from envs.errors import EnvironmentFault, unknown
from sandbox import RewardFault, SandboxFault
from service.artifacts import ArtifactsError
from service.cli.embedded import Workplace
from service.cli.faults import BadInput, Infrastructure, RunFailed
from service.cli.tables import number, print_table
from service.cli.terminal import console, print_json
from service.schema import Candidate, EpisodeSummary, RunRecord, Training
from service.store import StoreError


def replay_candidate(
    workplace: Workplace, run_id: str, candidate: str, seed: int, out: Path | None, *, as_json: bool
) -> None:
    """Plays a candidate's best policy in the reference environment, writes the replay and prints how the episode went.

    Raises `BadInput` where there is no such candidate, no policy of it, no reference environment or no folder for the file,
    `RunFailed` where its reward or the fitness fails on the episode, `Infrastructure` where store, artifacts or sandbox
    cannot be used.
    """
    run = workplace.client.get_run(run_id)
    if out is not None and (out.is_dir() or not out.parent.is_dir()):
        raise BadInput(f"{out}: expected a file in a folder that exists; name one with --out")
    try:
        record = workplace.store.record(run.id)
        found = _candidate(record, candidate)
        training = _training(record, found)
        data, summary = _play(workplace, record, found, training, seed)
    except EnvironmentFault as error:
        raise BadInput(str(error)) from error
    except (StoreError, ArtifactsError, SandboxFault) as error:
        raise Infrastructure(str(error)) from error
    path = out or Path(f"{found.id}.replay.safetensors")
    path.write_bytes(data)
    if as_json:
        figures = {"candidate": found.id, "training": training.id, "seed": seed, "episode": summary}
        print_json({**figures, "replay": str(path), "bytes": len(data)})
    else:
        rows = [
            ("policy", f"{training.id}, fitness {number(training.result.fitness if training.result else None)}"),
            ("score", f"{number(summary.score)} {run.fitness.unit}".rstrip()),
            ("success", "yes" if summary.success else "no"),
            ("length", f"{summary.length} steps, {summary.end}"),
            ("reward", number(summary.total_reward)),
            ("replay", f"{path}, {len(data):,} bytes"),
        ]
        print_table(console(), f"{found.id}: one episode in the reference environment, seed {seed}", ("", ""), rows)


def _candidate(record: RunRecord, name: str) -> Candidate:
    """The candidate of that id, or of that place as `rewardsmith show` lists it (iteration-slot)."""
    places = {f"{candidate.iteration}-{candidate.slot}": candidate for candidate in record.candidates}
    for place, candidate in places.items():
        if name in (place, candidate.id):
            return candidate
    if not places:
        raise BadInput(f"run {record.run.id} has no candidates yet")
    raise BadInput(unknown(f"candidate of run {record.run.id}", name, list(places)))


def _training(record: RunRecord, candidate: Candidate) -> Training:
    """The candidate's finished training of the highest fitness; of equals the first."""
    finished = [
        (training.result.fitness, training)
        for training in record.trainings
        if training.candidate_id == candidate.id and training.reward == "candidate" and training.result
    ]
    if not finished:
        raise BadInput(f"candidate {candidate.id} is {candidate.state}: expected one with a trained policy to play")
    return max(finished, key=lambda one: one[0])[1]


def _play(
    workplace: Workplace, record: RunRecord, candidate: Candidate, training: Training, seed: int
) -> tuple[bytes, EpisodeSummary]:
    from envs.card import card
    from service.training.errors import FitnessFault
    from service.training.job import code_of, metric_of
    from service.training.replay import play
    from service.training.replay_file import replay_bytes

    key = workplace.store.policy_key(training.id)
    if key is None:
        raise BadInput(f"training {training.id} has no stored policy: expected one, since it is {training.state}")
    environment = card(record.run.request.environment)
    try:
        code = code_of(environment, training.reward, candidate.source)
        metric = metric_of(environment, record.run.fitness)
        replay = play(environment, workplace.artifacts.get(key), code, metric, seed)
    except (RewardFault, FitnessFault) as error:
        raise RunFailed(f"candidate {candidate.id} cannot be replayed: {error}") from error
    return replay_bytes(replay), replay.summary
