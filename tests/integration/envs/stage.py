"""A stage for tasks: the reference model of a card taken through poses, and what a metric makes of what is shown of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import mujoco
import numpy as np
from gymnasium.envs.mujoco import MujocoEnv
from numpy.typing import NDArray

from envs.card import card
from envs.reference import make_reference
from envs.turning import turns
from envs.variables import Floats, Layout
from sandbox import MetricValue, SandboxedMetric, check_metric

Values = NDArray[np.float64]
Pose = Values
Target = Callable[[float], Mapping[str, float]]
UPRIGHT = (1.0, 0.0, 0.0, 0.0)


class Stage:
    """The reference model of a card: put into poses or driven by torques, and what its environment shows of that."""

    def __init__(self, name: str) -> None:
        self.card = card(name)
        self.layout = Layout(self.card)
        env = make_reference(self.card).unwrapped
        assert isinstance(env, MujocoEnv)
        env.reset(seed=0)
        self.env, self.model, self.data = env, env.model, env.data
        self.free = self.model.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE

    def pose(self, place: Sequence[float] = (), turn: Sequence[float] = UPRIGHT, **joints: float) -> Pose:
        """Generalised positions: the model's own start, but for what is named; `place` and `turn` are those of a free torso."""
        positions = self.env.init_qpos.copy()
        if self.free:
            positions[: len(place)] = place
            positions[3:7] = turn / np.linalg.norm(turn)
        for joint, angle in joints.items():
            positions[self.model.joint(joint).qposadr[0]] = angle
        return positions

    def through(self, *poses: tuple[float, Pose]) -> Values:
        """A pose for each step, `[T + 1, nq]`, from poses at some seconds, the first of them 0."""
        at = np.array([seconds / self.card.dt for seconds, _ in poses]).round()
        steps = np.arange(at[-1] + 1)
        path = np.stack([np.interp(steps, at, entry) for entry in np.array([pose for _, pose in poses]).T], axis=1)
        if self.free:
            path[:, 3:7] /= np.linalg.norm(path[:, 3:7], axis=1, keepdims=True)
        return path

    def grounded(self, path: Values) -> Values:
        """The same poses, each lifted or lowered until its lowest point is on the floor."""
        path, model, data = path.copy(), self.model, self.data
        solid = model.geom_type != mujoco.mjtGeom.mjGEOM_PLANE
        # spheres and capsules: a capsule's ends lie along its own z
        half = np.where(model.geom_type == mujoco.mjtGeom.mjGEOM_CAPSULE, model.geom_size[:, 1], 0.0)
        for positions in path:
            data.qpos[:] = positions
            mujoco.mj_kinematics(model, data)
            lowest = data.geom_xpos[:, 2] - np.abs(half * data.geom_xmat[:, 8]) - model.geom_size[:, 0]
            positions[2 if self.free else 1] -= lowest[solid].min()
        return path

    def shown(self, path: Values) -> Values:
        """What the environment shows in each of these poses `[T + 1, nq]`, one step apart; forces alone are of no pose."""
        frames = []
        self.data.qvel[:] = 0
        for i, positions in enumerate(path):
            if i:
                mujoco.mj_differentiatePos(self.model, self.data.qvel, self.card.dt, path[i - 1], positions)
            self.data.qpos[:] = positions
            mujoco.mj_kinematics(self.model, self.data)
            frames.append(self.env._get_obs())
        return np.array(frames)

    def driven(self, start: Pose, target: Target, seconds: float, stiffness: float, damping: float) -> Values:
        """What the environment shows while its motors pull its joints, as springs would, towards angles that change with time."""
        motors = [self.model.actuator(i) for i in range(self.model.nu)]
        joints = [self.model.joint(int(motor.trnid[0])) for motor in motors]
        gears = np.array([motor.gear[0] for motor in motors])
        self.env.set_state(start, np.zeros(self.model.nv))
        frames, wanted = [self.env._get_obs()], {joint.name: start[joint.qposadr[0]] for joint in joints}
        for t in range(round(seconds / self.card.dt)):
            wanted |= target(t * self.card.dt)
            off = [wanted[joint.name] - self.data.qpos[joint.qposadr[0]] for joint in joints]
            speed = [self.data.qvel[joint.dofadr[0]] for joint in joints]
            torque = stiffness * np.array(off) - damping * np.array(speed)
            frames.append(self.env.step(np.clip(torque / gears, self.card.action.low, self.card.action.high))[0])
        return np.array(frames)

    def frames(self, shown: Values) -> Floats:
        """Frames of one whole episode `[T + 1, F]`, with the turns that the card counts."""
        frames = np.zeros((len(shown), 1, self.layout.width), np.float32)
        frames[:, 0, : self.layout.shown] = shown
        begin = np.arange(len(shown))[:, None] == 0
        for counter in self.layout.counters:
            counted = turns(frames[..., counter.quaternion], counter.axis, begin, np.zeros(1, np.float32))
            frames[..., counter.column] = counted
        return frames[:, 0]

    def judged(self, metric: str, shown: Values) -> MetricValue:
        """What a metric of the card says of an episode of which the environment showed this."""
        frames = self.frames(shown)
        return judge(self.card.id, metric)(
            self.layout.values(self.card.sizes, frames), len(frames) - 1, self.card.max_steps, self.card.dt
        )


@cache
def stage(name: str) -> Stage:
    return Stage(name)


def assert_told_apart(
    stage: Stage, metric: str, done: Mapping[str, Values], near: Mapping[str, Values]
) -> dict[str, MetricValue]:
    """Asserts that the metric finds the task done in every episode of `done` and in none of `near`, which all score lower."""
    values = {what: stage.judged(metric, shown) for what, shown in {**done, **near}.items()}
    assert {what for what, value in values.items() if value.success} == set(done)
    least = min(values[what].score for what in done)
    assert {what: values[what].score for what in near if values[what].score >= least} == {}
    return values


_OPEN: list[SandboxedMetric] = []


@cache
def judge(environment: str, metric: str) -> SandboxedMetric:
    ours = card(environment)
    expressions = ours.metric(metric)
    checked = check_metric(expressions.score, expressions.success, ours.sizes)
    _OPEN.append(SandboxedMetric(checked, ours.sizes, ours.max_steps + 1).open())
    return _OPEN[-1]


def close_judges() -> None:
    """Ends the processes of the metrics that were asked."""
    judge.cache_clear()
    while _OPEN:
        _OPEN.pop().close()
