"""Where a baseline is written, and what its trainings have reached until then: killed anywhere, it goes on where it was."""

from __future__ import annotations

from pathlib import Path
from shutil import rmtree

from service.artifacts import write_whole
from service.baselines.stored import file_name
from service.schema import Baseline, BaselinePoint, CurvePoint, Fitness, TrainingConfig, TrainingResult
from service.schema.search import Frozen


class BaselinePlan(Frozen):
    """What a baseline is to be; two of the same plan have the same figures."""

    environment: str
    fitness: Fitness
    sparse_reward: str
    steps: int
    config: TrainingConfig
    seeds: tuple[int, ...]
    versions: dict[str, str]


class Part(Frozen):
    """What one training has reached; its checkpoint after the last point lies beside it."""

    curve: tuple[BaselinePoint, ...] = ()
    result: TrainingResult | None = None


class BaselineFolder:
    """Where baselines are written, and what the unfinished one of a plan has reached so far."""

    def __init__(self, folder: Path, plan: BaselinePlan) -> None:
        self.path = folder / file_name(plan.environment, plan.fitness.name, plan.steps)
        self._parts = self.path.with_suffix(".parts")
        self._plan = plan

    def finished(self) -> Baseline | None:
        """The baseline, where it is there and of the same plan."""
        if not self.path.exists():
            return None
        try:
            found = Baseline.model_validate_json(self.path.read_bytes())
        except ValueError:
            return None
        return found if _plan_of(found) == self._plan else None

    def begin(self) -> None:
        """Makes the folder of the parts; those of another plan are thrown away."""
        plan = self._parts / "plan.json"
        if plan.exists() and plan.read_text() != self._plan.model_dump_json():
            rmtree(self._parts)
        self._parts.mkdir(parents=True, exist_ok=True)
        write_whole(plan, self._plan.model_dump_json().encode())

    def part(self, member_id: str) -> Part:
        """What a training has reached."""
        path = self._parts / f"{member_id}.json"
        return Part.model_validate_json(path.read_bytes()) if path.exists() else Part()

    def checkpoint(self, member_id: str) -> bytes | None:
        """The checkpoint after the last point of a training, None before the first."""
        points = len(self.part(member_id).curve)
        return self._checkpoint(member_id, points).read_bytes() if points else None

    def add_segment(self, member_id: str, point: CurvePoint, checkpoint: bytes) -> None:
        """Keeps a segment: the checkpoint first, then the point that stands for it."""
        curve = self.part(member_id).curve
        after = Part(curve=(*curve, BaselinePoint(steps=point.steps, fitness=point.fitness)))
        write_whole(self._checkpoint(member_id, len(after.curve)), checkpoint)
        write_whole(self._parts / f"{member_id}.json", after.model_dump_json().encode())
        self._checkpoint(member_id, len(curve)).unlink(missing_ok=True)

    def finish_training(self, member_id: str, result: TrainingResult) -> None:
        """Keeps the result of a training."""
        after = self.part(member_id).model_copy(update={"result": result.model_copy(update={"episodes": ()})})
        write_whole(self._parts / f"{member_id}.json", after.model_dump_json().encode())

    def finish(self, baseline: Baseline) -> None:
        """Writes the baseline and throws the parts away."""
        write_whole(self.path, (baseline.model_dump_json(indent=1) + "\n").encode())
        rmtree(self._parts)

    def _checkpoint(self, member_id: str, points: int) -> Path:
        return self._parts / f"{member_id}-{points:02d}.safetensors"


def _plan_of(baseline: Baseline) -> BaselinePlan:
    return BaselinePlan(
        seeds=baseline.seeds,
        **{name: getattr(baseline, name) for name in BaselinePlan.model_fields if name != "seeds"},
    )
