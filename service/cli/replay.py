"""Plays the policy of a candidate and keeps the episode as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envs.errors import EnvironmentFault, unknown
from sandbox import RewardFault, SandboxFault
from service.cli.faults import BadInput, Infrastructure, RunFailed
from service.cli.folder import as_name
from service.cli.place import Workplace
from service.cli.tables import number, print_table
from service.cli.terminal import console, print_json
from service.evolution.selection import best_training
from service.schema import Candidate, EpisodeSummary, Run, Training

if TYPE_CHECKING:
    from service.training.replay_file import ReplayFiles


def replay_candidate(
    workplace: Workplace, run_id: str, candidate: str, seed: int, out: Path | None, *, as_json: bool
) -> None:
    """Plays a candidate's best policy in the reference environment here, writes the replay and prints how the episode went.

    Raises `BadInput` where there is no such candidate, no policy of it, no reference environment or no folder for the file,
    `RunFailed` where its reward or the fitness fails on the episode, `Infrastructure` where API or sandbox cannot be used.
    """
    client = workplace.client
    run = client.get_run(run_id)
    if out is not None and (out.is_dir() or not out.parent.is_dir()):
        raise BadInput(f"{out}: expected a file in a folder that exists; name one with --out")
    found = _candidate(run, client.candidates(run.id), candidate)
    best = best_training(client.trainings(run.id, found.id), found.id)
    if best is None or best.result is None:
        raise BadInput(f"candidate {found.id} is {found.state}: expected one with a trained policy to play")
    policy = client.policy(run.id, found.id)
    try:
        files, summary = _play(run, found, best, policy, seed)
    except EnvironmentFault as error:
        raise BadInput(str(error)) from error
    except SandboxFault as error:
        raise Infrastructure(str(error)) from error
    path = out or Path(f"{as_name(found.id)}.replay.safetensors")
    path.write_bytes(files.episode)
    meshes = None if files.meshes is None else path.with_name(f"{files.meshes.digest}.safetensors")
    if files.meshes is not None and meshes is not None:
        meshes.write_bytes(files.meshes.content)
    if as_json:
        figures = {"candidate": found.id, "training": best.id, "seed": seed, "episode": summary}
        print_json({**figures, "replay": str(path), "bytes": len(files.episode), "meshes": meshes and str(meshes)})
    else:
        rows = [
            ("policy", f"{best.id}, fitness {number(best.result.fitness)}"),
            ("score", f"{number(summary.score)} {run.fitness.unit}".rstrip()),
            ("success", "yes" if summary.success else "no"),
            ("length", f"{summary.length} steps, {summary.end}"),
            ("reward", number(summary.total_reward)),
            ("replay", f"{path}, {len(files.episode):,} bytes"),
            *([] if meshes is None else [("meshes", str(meshes))]),
        ]
        print_table(console(), f"{found.id}: one episode in the reference environment, seed {seed}", ("", ""), rows)


def _candidate(run: Run, candidates: Sequence[Candidate], name: str) -> Candidate:
    """The candidate of that id, or of that place as `rewardsmith show` lists it (iteration-slot)."""
    places = {f"{candidate.iteration}-{candidate.slot}": candidate for candidate in candidates}
    for place, candidate in places.items():
        if name in (place, candidate.id):
            return candidate
    if not places:
        raise BadInput(f"run {run.id} has no candidates yet")
    raise BadInput(unknown(f"candidate of run {run.id}", name, list(places)))


def _play(
    run: Run, candidate: Candidate, training: Training, policy: bytes, seed: int
) -> tuple[ReplayFiles, EpisodeSummary]:
    from envs.card import card
    from service.training.errors import FitnessFault
    from service.training.job import code_of, metric_of
    from service.training.replay import play
    from service.training.replay_file import replay_files

    environment = card(run.request.environment)
    try:
        code = code_of(environment, training.reward, candidate.source)
        metric = metric_of(environment, run.fitness)
        replay = play(environment, policy, code, metric, seed)
    except (RewardFault, FitnessFault) as error:
        raise RunFailed(f"candidate {candidate.id} cannot be replayed: {error}") from error
    return replay_files(replay), replay.summary
