"""What tasks beyond the built-in goals take for done: models taken through a task, and through what only looks like it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import mujoco
import numpy as np
import pytest
from gymnasium.envs.mujoco import MujocoEnv
from numpy.typing import NDArray

from envs.card import card, cards
from envs.engines.envpool import EnvPoolEngine
from envs.reference import make_reference
from envs.rollout import Collector
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
        return _judge(self.card.id, metric)(
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
def _judge(environment: str, metric: str) -> SandboxedMetric:
    ours = card(environment)
    expressions = ours.metric(metric)
    checked = check_metric(expressions.score, expressions.success, ours.sizes)
    _OPEN.append(SandboxedMetric(checked, ours.sizes, ours.max_steps + 1).open())
    return _OPEN[-1]


@pytest.fixture(scope="module", autouse=True)
def _sandboxes() -> Iterator[None]:
    yield
    _judge.cache_clear()
    while _OPEN:
        _OPEN.pop().close()


# --- Hopper ---------------------------------------------------------------------------------------------------------------------


def leap(hopper: Stage, turned: float, seconds: float = 8.0) -> Values:
    """Stands, leaps 1.3 m high while the torso turns so far forward (in turns), lands, and stands on."""
    flight = 1.0
    steps = round(seconds / hopper.card.dt)
    time = np.arange(steps + 1) * hopper.card.dt - 1.0
    up = np.clip(time, 0, flight)
    path = np.tile(hopper.pose(), (steps + 1, 1))
    path[:, 2] = 2 * np.pi * turned * up / flight
    # 4.9 m/s upward last for a second under gravity, and lift by 1.2 m
    path[:, 1] += 4.905 * up * (flight - up)
    return path


def roll(hopper: Stage, turned: float) -> Values:
    """Topples over, rolls over the ground and stands up again, its lowest point always on the floor."""
    upright, rolled = hopper.pose(), hopper.pose(rooty=2 * np.pi * turned)
    return hopper.grounded(hopper.through((0, upright), (1, upright), (4, rolled), (8, rolled)))


@pytest.mark.parametrize(
    ("name", "metric", "way"), [("Hopper-backflip", "back_flips", -1), ("Hopper-frontflip", "front_flips", 1)]
)
def test_a_flip_is_a_whole_turn_the_right_way_that_ends_upright(name: str, metric: str, way: int) -> None:
    hopper = stage(name)
    flip = hopper.judged(metric, hopper.shown(leap(hopper, way * 1.01)))
    other = hopper.judged(metric, hopper.shown(leap(hopper, way * -1.01)))
    there = leap(hopper, way * 0.5)
    half = hopper.judged(metric, hopper.shown(np.concatenate([there[:250], there[249::-1]])))
    fallen = leap(hopper, way * 1.01)
    fallen[500:, 2] += way * np.pi / 2
    lying = hopper.judged(metric, hopper.shown(np.concatenate([fallen[:500], hopper.grounded(fallen[500:])])))
    assert flip.success
    assert flip.score == pytest.approx(1.01, abs=1e-3)
    assert (other.success, half.success, lying.success) == (False, False, False)
    assert other.score == pytest.approx(0, abs=1e-6)
    assert half.score == pytest.approx(0.5, abs=1e-2)


def test_rolling_forward_over_the_ground_is_no_front_flip() -> None:
    hopper = stage("Hopper-frontflip")
    rolled = hopper.judged("front_flips", hopper.shown(roll(hopper, 1.01)))
    flip = hopper.judged("front_flips", hopper.shown(leap(hopper, 1.01)))
    assert not rolled.success
    # the torso lies on the floor from a quarter turn to three quarters
    assert rolled.score == pytest.approx(0.51, abs=0.06)
    assert rolled.score < flip.score


def hops(hopper: Stage, count: int, high: float, speed: float = 0.0, seconds: float = 8.0) -> Values:
    """Hops as high, all evenly over the time, while the hopper moves along at a speed; between hops it stands for as long."""
    steps = round(seconds / hopper.card.dt)
    time = np.arange(steps + 1) * hopper.card.dt
    path = hopper.grounded(np.tile(hopper.pose(), (steps + 1, 1)))
    path[:, 1] += high * np.maximum(np.sin(2 * np.pi * count * time / seconds), 0)
    path[:, 0] = speed * time
    return path


def test_hops_in_place_leave_the_floor_and_come_back_to_where_they_were() -> None:
    hopper = stage("Hopper-v5")

    def judged(path: Values) -> MetricValue:
        return hopper.judged("hops_in_place", hopper.shown(path))

    ten, five, four = (judged(hops(hopper, count, 0.2)) for count in (10, 5, 4))
    away, standing, trembling = (
        judged(hops(hopper, 10, 0.2, speed=0.5)),
        judged(hops(hopper, 0, 0)),
        judged(hops(hopper, 10, 0.03)),
    )
    fallen = judged(hops(hopper, 6, 0.2, seconds=4.8))
    # in 2 s of 0.5 m/s the hopper has gone 1 m, and landed twice
    assert [value.score for value in (ten, five, four, away, standing, trembling, fallen)] == [10, 5, 4, 2, 0, 0, 6]
    assert [value.success for value in (ten, five, four, away, standing, trembling, fallen)] == [
        True,
        True,
        *[False] * 5,
    ]


# --- Walker ---------------------------------------------------------------------------------------------------------------------


def split(walker: Stage, spread: float, **joints: float) -> Pose:
    """Legs straight and so far apart (degrees), as far before the hips as behind; the torso is in line with the front leg."""
    return walker.pose(rooty=np.radians(-spread / 2), thigh_left_joint=np.radians(-spread), **joints)


def test_a_split_is_held_with_feet_far_apart_on_the_floor_and_the_torso_off_it() -> None:
    walker = stage("Walker2d-splits")
    standing, lying = walker.pose(), walker.pose(rooty=-np.pi / 2, thigh_left_joint=np.radians(-150))

    def held(spread: float) -> Values:
        """Sinks down in a second; then the motors hold the legs apart for 4 s."""
        down = walker.grounded(walker.through((0, standing), (1, split(walker, spread))))
        return np.concatenate(
            [walker.shown(down)[:-1], walker.driven(down[-1], lambda t: {}, 4, stiffness=400, damping=20)]
        )

    wide = held(120)
    low = wide[:, : walker.model.nq]
    in_the_air = low.copy()
    in_the_air[-125:, 1] += 0.2
    up_again = walker.through((0, low[500]), (1, standing), (1.2, standing))
    assert_told_apart(
        walker,
        "splits",
        done={"wide": wide, "wider": held(140)},
        near={
            "standing": walker.shown(walker.grounded(walker.through((0, standing), (5, standing)))),
            "a long stride": held(75),
            "in the air": walker.shown(in_the_air),
            "got up again": walker.shown(walker.grounded(np.concatenate([low[:500], up_again]))),
            "on its back, legs apart": walker.shown(
                walker.grounded(walker.through((0, standing), (1, lying), (5, lying)))
            ),
        },
    )


# --- Half cheetah ---------------------------------------------------------------------------------------------------------------


def run(
    cheetah: Stage, speed: float, pitch: Callable[[Values], Values] = np.zeros_like, seconds: float = 50.0
) -> Values:
    """Moves along the track at a speed, the torso pitched as it is told for each second."""
    time = np.arange(round(seconds / cheetah.card.dt) + 1) * cheetah.card.dt
    path = np.tile(cheetah.pose(), (len(time), 1))
    path[:, 0], path[:, 2] = speed * time, pitch(time)
    return cheetah.grounded(path)


def test_a_cheetah_that_runs_backwards_does_so_on_its_legs() -> None:
    cheetah = stage("HalfCheetah-v5")

    def shown(speed: float, pitch: Callable[[Values], Values] = np.zeros_like) -> Values:
        return cheetah.shown(run(cheetah, speed, pitch))

    dashed = run(cheetah, -3.0, lambda t: np.clip(t - 25, 0, 1) * np.pi)
    dashed[:, 0] = np.maximum(dashed[:, 0], -75)
    values = assert_told_apart(
        cheetah,
        "backward_speed",
        done={"backwards": shown(-2.0), "rocking": shown(-2.0, lambda t: 0.5 * np.sin(9 * t))},
        near={
            "forwards": shown(2.0),
            "slowly": shown(-0.9),
            "on its back": shown(-2.0, lambda t: np.full_like(t, np.pi)),
            "fallen over after 20 s, sliding": shown(-2.0, lambda t: np.clip(t - 20, 0, 1) * np.pi),
            "tumbling": shown(-2.0, lambda t: -3 * t),
            "quickly, then lying on its back": cheetah.shown(dashed),
        },
    )
    # 2 m/s all the time; of the turn onto its back, one third of a second is within 60 degrees: 20.33 s of 50 s
    assert values["backwards"].score == pytest.approx(2.0, abs=1e-4)
    assert values["fallen over after 20 s, sliding"].score == pytest.approx(2.0 * 20.33 / 50, abs=0.01)
    assert values["forwards"].score == pytest.approx(-2.0, abs=1e-4)


def test_a_cheetah_stands_on_its_hind_leg_for_two_seconds_on_end() -> None:
    cheetah = stage("HalfCheetah-v5")
    standing = cheetah.pose()
    # the hind leg is stretched, and the centre of mass is over its foot
    reared = cheetah.pose(rooty=-1.15, bthigh=0.5, bshin=-0.33, bfoot=-0.23, fthigh=-0.98, fshin=-0.73, ffoot=0.33)
    # as steady torques of the hind leg seat it
    sitting = cheetah.pose(rooty=-1.47, bthigh=-0.5, bshin=0.2, bfoot=-0.21)
    over = cheetah.pose(rooty=-1.8, bthigh=1.0, bshin=0.1, bfoot=0.1)
    on_the_front = cheetah.pose(rooty=1.2, fthigh=0.5)

    def into(pose: Pose, held: float = 8.0) -> Values:
        path = cheetah.through((0, standing), (1, pose), (1 + held, pose), (2 + held, standing), (20, standing))
        return cheetah.grounded(path)

    leaping = into(reared)
    leaping[:, 1] += 0.3 * (leaping[:, 2] < -0.5)
    again = cheetah.through(*((t, reared if t % 2 else standing) for t in range(21)))
    values = assert_told_apart(
        cheetah,
        "hind_leg_stand",
        done={"reared": cheetah.shown(into(reared))},
        near={
            "standing": cheetah.shown(into(standing)),
            "for a second": cheetah.shown(into(reared, held=1.0)),
            "again and again": cheetah.shown(cheetah.grounded(again)),
            "sitting on its rump": cheetah.shown(into(sitting)),
            "leaning over backwards": cheetah.shown(into(over)),
            "on its front leg": cheetah.shown(into(on_the_front)),
            "in the air": cheetah.shown(leaping),
        },
    )
    # 8 s, and a part of the seconds of rising and of coming down
    assert 8.0 < values["reared"].score < 9.5
    assert values["again and again"].score < 2.0


# --- Ant ------------------------------------------------------------------------------------------------------------------------

STOOD = {"ankle_1": 1.0, "ankle_2": -1.0, "ankle_3": -1.0, "ankle_4": 1.0}


def about_z(yaw: Values | float) -> Values:
    return np.stack(
        [np.cos(np.asarray(yaw) / 2), np.zeros_like(yaw), np.zeros_like(yaw), np.sin(np.asarray(yaw) / 2)], axis=-1
    )


def moved(
    ant: Stage,
    x: Callable[[Values], Values],
    y: Callable[[Values], Values],
    yaw: Callable[[Values], Values],
    seconds: float = 50.0,
) -> Values:
    time = np.arange(round(seconds / ant.card.dt) + 1) * ant.card.dt
    path = np.tile(ant.pose(**STOOD), (len(time), 1))
    path[:, 0], path[:, 1], path[:, 3:7] = x(time), y(time), about_z(yaw(time))
    return ant.shown(ant.grounded(path))


def still(time: Values) -> Values:
    return np.zeros_like(time)


def test_an_ant_walks_backwards_against_the_way_that_it_faces() -> None:
    ant = stage("Ant-v5")
    back = lambda time: -time  # noqa: E731
    values = assert_told_apart(
        ant,
        "backward_speed",
        done={
            "backwards": moved(ant, back, still, still),
            "facing left and moving right": moved(ant, still, back, lambda t: np.full_like(t, np.pi / 2)),
        },
        near={
            "forwards": moved(ant, lambda t: t, still, still),
            "turned round and walking ahead": moved(ant, back, still, lambda t: np.full_like(t, np.pi)),
            "sideways": moved(ant, still, back, still),
            "too slowly": moved(ant, lambda t: -0.4 * t, still, still),
            "fallen after 30 s": moved(ant, back, still, still, seconds=30),
            "spinning on its way": moved(ant, back, still, lambda t: t),
        },
    )
    assert values["backwards"].score == pytest.approx(1.0, abs=1e-4)
    assert values["forwards"].score == pytest.approx(-1.0, abs=1e-4)
    assert values["turned round and walking ahead"].score == pytest.approx(-1.0, abs=1e-4)
    assert values["sideways"].score == pytest.approx(0.0, abs=1e-4)
    assert values["fallen after 30 s"].score == pytest.approx(0.6, abs=1e-4)


def test_an_ant_spins_on_the_spot_and_over_full_turns() -> None:
    ant = stage("Ant-v5")

    def circle(radius: float) -> Values:
        angle = lambda t: 2 * np.pi * 6 * t / 50  # noqa: E731
        return moved(ant, lambda t: radius * np.sin(angle(t)), lambda t: radius * (1 - np.cos(angle(t))), angle)

    values = assert_told_apart(
        ant,
        "turns_spun",
        done={
            "six turns to the left": moved(ant, still, still, lambda t: 2 * np.pi * 6 * t / 50),
            "six turns to the right": moved(ant, still, still, lambda t: -2 * np.pi * 6 * t / 50),
        },
        near={
            "four turns": moved(ant, still, still, lambda t: 2 * np.pi * 4 * t / 50),
            "there and back": moved(ant, still, still, lambda t: 2 * np.pi * 6 * np.minimum(t, 50 - t) / 25),
            "fallen after the fifth": moved(ant, still, still, lambda t: 2 * np.pi * 6 * t / 50, seconds=44),
            "six rounds of a circle": circle(3.0),
        },
    )
    assert values["six turns to the left"].score == pytest.approx(6.0, abs=1e-3)
    assert values["six turns to the right"].score == pytest.approx(6.0, abs=1e-3)
    assert values["there and back"].score == pytest.approx(0.0, abs=1e-3)


def waving(ant: Stage, leg: int) -> Values:
    """One leg is lifted, the two beside it stretched and the one across bent, so that the ant leans away; then its hip swings."""
    sign = {1: 1, 2: -1, 3: -1, 4: 1}
    across = {1: 3, 2: 4, 3: 1, 4: 2}
    bent = dict.fromkeys(sign, 1.2) | {across[leg]: 0.55, leg: 0.55}
    start = ant.pose((0, 0, 0.75), **{f"ankle_{number}": sign[number] * bent[number] for number in sign})

    def target(time: float) -> dict[str, float]:
        return {f"hip_{leg}": 0.45 * np.sin(np.pi * time) if time > 2 else 0.0}

    return ant.driven(start, target, 50, stiffness=300, damping=10)


def test_an_ant_waves_a_raised_front_leg_and_stays_where_it_is() -> None:
    ant = stage("Ant-v5")
    left = waving(ant, 1)
    poses, time = left[:, : ant.model.nq], np.arange(len(left)) * ant.card.dt
    hip, ankle = (int(ant.model.joint(joint).qposadr[0]) for joint in ("hip_1", "ankle_1"))

    def but(place: int | slice, values: Values | Sequence[float], course: Values = poses) -> Values:
        changed = course.copy()
        changed[:, place] = values
        return changed

    standing, swing = np.tile(ant.pose(**STOOD), (len(left), 1)), 0.45 * np.sin(2 * np.pi * time)
    # stepping on the spot: the leg comes off the ground to swing forward, and stands on it to swing back
    stepping = but(ankle, np.where(np.cos(2 * np.pi * time) > 0, 0.55, 1.0), but(hip, swing, standing))
    values = assert_told_apart(
        ant,
        "leg_waves",
        done={"the left one": left, "the right one": waving(ant, 4)},
        near={
            "holding it up": ant.shown(but(hip, 0 * time)),
            "hardly moving it": ant.shown(but(hip, 0.1 * np.sin(np.pi * time))),
            "two and a half waves": ant.shown(but(hip, 0.45 * np.sin(2 * np.pi * time / 20))),
            "a hind leg": waving(ant, 2),
            "walking off": ant.shown(but(0, 0.2 * time)),
            "on its back": ant.shown(ant.grounded(but(slice(3, 7), (0, 1, 0, 0)))),
            "stepping": ant.shown(ant.grounded(stepping)),
            "scratching the ground": ant.shown(ant.grounded(but(hip, swing, standing))),
            "fallen over in the end": left[:900],
        },
    )
    # from 2 s to 50 s the hip comes to one side or the other every second, 48 times; the first two are no way back
    assert values["the left one"].score == pytest.approx(46, abs=1)
    # sides at 5, 15, 25, 35 and 45 s: three ways back
    assert values["two and a half waves"].score == 3
    nothing = ("holding it up", "hardly moving it", "a hind leg", "on its back", "stepping", "scratching the ground")
    assert [values[what].score for what in nothing] == [0] * 6


# --- Humanoid -------------------------------------------------------------------------------------------------------------------

STANDING: dict[str, float] = {"right_knee": -0.05, "left_knee": -0.05}
RIGHT_UP: dict[str, float] = {"right_shoulder1": -1.45, "right_shoulder2": 0.4, "right_elbow": -1.5}
LEFT_UP: dict[str, float] = {"left_shoulder1": 1.45, "left_shoulder2": -0.4, "left_elbow": -1.5}


def legs(**angles: float) -> dict[str, float]:
    return {f"{side}_{joint}": angle for joint, angle in angles.items() for side in ("right", "left")}


def leaning(forward: float) -> tuple[float, float, float, float]:
    return (float(np.cos(forward / 2)), 0.0, float(np.sin(forward / 2)), 0.0)


def test_a_humanoid_kneels_upright_on_both_knees_to_the_end() -> None:
    humanoid = stage("Humanoid-kneel")
    standing, kneeling = humanoid.pose(**STANDING), humanoid.pose(**legs(knee=-1.7, hip_y=-0.1))
    on_its_face = humanoid.pose(**legs(knee=-1.7), turn=leaning(1.5))

    def into(pose: Pose, *then: tuple[float, Pose]) -> Values:
        path = humanoid.through((0, standing), (1, pose), *(then or ((5, pose),)))
        return humanoid.shown(humanoid.grounded(path))

    assert_told_apart(
        humanoid,
        "kneel",
        done={"upright": into(kneeling), "back on its heels": into(humanoid.pose(**legs(knee=-2.6, hip_y=-1.0)))},
        near={
            "standing": into(standing),
            "squatting": into(humanoid.pose(**legs(knee=-2.4, hip_y=-1.6), turn=leaning(0.2))),
            "on one knee": into(humanoid.pose(right_knee=-1.6, left_knee=-1.6, left_hip_y=-1.6)),
            "sitting with legs stretched": into(humanoid.pose(**legs(knee=-0.05, hip_y=-1.55))),
            "bowing": into(humanoid.pose(**legs(knee=-1.7, hip_y=-1.0), turn=leaning(0.9))),
            "on all fours": into(humanoid.pose(**legs(knee=-1.57, hip_y=-1.5), turn=leaning(1.5))),
            "lying": into(humanoid.pose(**STANDING, turn=leaning(1.57))),
            "kneeling, then fallen on its face": into(kneeling, (3.5, kneeling), (4, on_its_face), (5, on_its_face)),
            "got up again": into(kneeling, (3, kneeling), (4.5, standing), (5, standing)),
        },
    )


def test_a_humanoid_raises_one_hand_over_its_head_while_it_stands() -> None:
    humanoid = stage("Humanoid-v5")
    standing = humanoid.pose(**STANDING)

    def into(pose: Pose, held: float = 3.5, seconds: float = 5.0) -> Values:
        path = humanoid.through((0, standing), (0.5, pose), (0.5 + held, pose), (1 + held, standing), (5, standing))
        return humanoid.shown(humanoid.grounded(path))[: round(seconds / humanoid.card.dt) + 1]

    right, left = humanoid.pose(**STANDING, **RIGHT_UP), humanoid.pose(**STANDING, **LEFT_UP)
    assert_told_apart(
        humanoid,
        "hand_raised",
        done={"right": into(right), "left": into(left), "and fallen later": into(right, seconds=4.2)},
        near={
            "standing": into(standing),
            "both": into(humanoid.pose(**STANDING, **RIGHT_UP, **LEFT_UP)),
            "level with its head": into(humanoid.pose(**STANDING, right_shoulder1=-0.8)),
            "for two seconds": into(right, held=2.0),
            "up and down": humanoid.shown(
                humanoid.grounded(humanoid.through(*((t, right if t % 2 else standing) for t in range(15))))
            ),
            "and fallen after two seconds": into(right, seconds=2.5),
            "squatting": into(humanoid.pose(**legs(knee=-2.4, hip_y=-1.6), **RIGHT_UP)),
            "leaning far back": into(
                humanoid.pose(**legs(hip_y=0.35), **RIGHT_UP, left_shoulder1=-0.8, left_elbow=-1.5, turn=leaning(-0.75))
            ),
            "lying": into(humanoid.pose(**STANDING, **RIGHT_UP, turn=leaning(1.57))),
        },
    )


def test_a_humanoid_has_got_up_when_its_head_stays_high() -> None:
    humanoid = stage("HumanoidStandup-v5")
    lying, up = humanoid.pose(), leaning(np.pi / 2)

    def into(pose: Pose, *then: tuple[float, Pose]) -> Values:
        path = humanoid.through((0, lying), (2, pose), *(then or ((5, pose),)))
        return humanoid.shown(humanoid.grounded(path))

    standing = humanoid.pose(turn=up)
    values = assert_told_apart(
        humanoid,
        "head_height",
        done={"standing": into(standing)},
        near={
            "lying": into(lying),
            "sitting": into(humanoid.pose(turn=up, **legs(hip_y=-1.55))),
            "kneeling": into(humanoid.pose(turn=up, **legs(knee=-1.6))),
            "on its head": into(humanoid.pose(turn=leaning(-np.pi / 2))),
            "fallen again": into(standing, (4, standing), (4.8, lying), (5, lying)),
        },
    )
    assert values["lying"].score < values["sitting"].score < values["kneeling"].score


# --- Built-in goals -------------------------------------------------------------------------------------------------------------


def test_a_reach_is_judged_by_the_fingertips_last_distance_from_the_target() -> None:
    reacher = stage("Reacher-v5")
    # links of 0.1 m and 0.11 m to the fingertip, turned by 0.3 rad and by 0.4 rad more
    tip = 0.1 * np.array([np.cos(0.3), np.sin(0.3)]) + 0.11 * np.array([np.cos(0.7), np.sin(0.7)])
    start = reacher.pose(joint0=0.0, joint1=0.0)

    def judged(away: float, *then: Pose) -> MetricValue:
        end = reacher.pose(joint0=0.3, joint1=0.4, target_x=tip[0] - away, target_y=tip[1])
        return reacher.judged("closeness", reacher.shown(np.array([start, end, *then])))

    reached, missed = judged(0.015), judged(0.025)
    assert (reached.success, missed.success) == (True, False)
    assert (reached.score, missed.score) == pytest.approx((-0.015, -0.025), abs=1e-6)
    assert not judged(0.0, start).success


def test_a_push_is_judged_by_the_cylinders_last_distance_from_the_goal_along_the_table() -> None:
    pusher = stage("Pusher-v5")

    def judged(away: float) -> MetricValue:
        begin, end = pusher.pose(obj_slidex=-0.2), pusher.pose(obj_slidex=0.0, obj_slidey=away)
        return pusher.judged("closeness", pusher.shown(np.array([begin, end])))

    pushed, missed = judged(0.07), judged(-0.09)
    assert (pushed.success, missed.success) == (True, False)
    assert (pushed.score, missed.score) == pytest.approx((-0.07, -0.09), abs=1e-6)


@pytest.mark.parametrize(("name", "seconds"), [("InvertedPendulum-v5", 40.0), ("InvertedDoublePendulum-v5", 50.0)])
def test_a_pendulum_is_balanced_for_the_whole_time_limit(name: str, seconds: float) -> None:
    pendulum = stage(name)
    whole = pendulum.shown(pendulum.through((0, pendulum.pose()), (seconds, pendulum.pose())))
    balanced, fallen = pendulum.judged("balance", whole), pendulum.judged("balance", whole[:500])
    assert (balanced.success, fallen.success) == (True, False)
    # 1000 steps, and 499 of them
    assert (balanced.score, fallen.score) == pytest.approx((seconds, 0.499 * seconds), rel=1e-5)


@pytest.mark.parametrize(("name", "joint", "far"), [("Swimmer-v5", "slider1", 8.0), ("Humanoid-v5", "root", 18.0)])
def test_who_moves_forward_is_judged_by_the_way_over_the_time_limit(name: str, joint: str, far: float) -> None:
    one = stage(name)
    start, end = one.pose(), one.pose()
    end[one.model.joint(joint).qposadr[0]] = far
    path = one.through((0, start), (1000 * one.card.dt, end))
    quick, back = (one.judged("forward_speed", one.shown(course)) for course in (path, path[::-1]))
    assert (quick.success, back.success) == (True, False)
    assert quick.score == pytest.approx(far / (1000 * one.card.dt), rel=1e-5)
    assert back.score == pytest.approx(-quick.score, rel=1e-5)


def test_a_humanoid_stands_while_it_is_upright_and_hardly_moves() -> None:
    humanoid = stage("Humanoid-v5")
    standing, squatting = humanoid.pose(**STANDING), humanoid.pose(**legs(knee=-2.4, hip_y=-1.6))
    away = standing.copy()
    away[0] = 15.0

    def shown(end: Pose, seconds: float = 15.0) -> Values:
        path = humanoid.grounded(
            humanoid.through((0, standing), (0.5, end if end is squatting else standing), (15, end))
        )
        return humanoid.shown(path)[: round(seconds / humanoid.card.dt) + 1]

    assert_told_apart(
        humanoid,
        "stand",
        done={"still": shown(standing)},
        near={
            "squatting": shown(squatting),
            "walking": shown(away),
            "fallen after 12 s": shown(standing, seconds=12.0),
        },
    )


# --- All ------------------------------------------------------------------------------------------------------------------------

OURS = sorted(name for name in cards() if card(name).family == "gymnasium-mujoco")


@pytest.mark.parametrize("name", OURS)
def test_nothing_is_done_by_chance_and_every_score_is_a_number_from_the_first_step(name: str) -> None:
    ours, random, most = card(name), np.random.default_rng(0), 300
    layout = Layout(ours)
    engine = EnvPoolEngine(layout, [1, 2], threads=1)
    shape = (min(ours.max_steps, most), 2, ours.action.size)
    torques = random.uniform(ours.action.low, ours.action.high, shape).astype(np.float32)
    rollout = Collector(engine, layout).episodes(len(torques), lambda t, _: torques[t]).transitions
    engine.close()
    for metric in ours.metrics:
        for i, steps in enumerate(rollout.valid.sum(axis=0)):
            for length in (1, int(steps)):
                variables = layout.values(ours.sizes, rollout.frames[: length + 1, i])
                value = _judge(name, metric.name)(variables, length, ours.max_steps, ours.dt)
                assert np.isfinite(value.score), metric.name
                # the first state of an episode that nothing ends may be anything
                assert not value.success or length == 1, metric.name
