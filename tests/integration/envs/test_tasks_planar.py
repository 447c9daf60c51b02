"""Tasks of hopper, walker and cheetah beyond running forward: done, and what only looks like it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from sandbox import MetricValue
from tests.integration.envs.stage import Pose, Stage, Values, assert_told_apart, close_judges, stage


@pytest.fixture(scope="module", autouse=True)
def _sandboxes() -> Iterator[None]:
    yield
    close_judges()


FLIPS = [("Hopper-backflip", "back_flips", -1), ("Hopper-frontflip", "front_flips", 1)]


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


@pytest.mark.parametrize(("name", "metric", "way"), FLIPS)
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


@pytest.mark.parametrize(("name", "metric", "way"), FLIPS)
def test_rolling_over_the_ground_is_no_flip(name: str, metric: str, way: int) -> None:
    hopper = stage(name)
    rolled = hopper.judged(metric, hopper.shown(roll(hopper, way * 1.01)))
    flip = hopper.judged(metric, hopper.shown(leap(hopper, way * 1.01)))
    assert not rolled.success
    # the torso lies on the floor from a quarter turn to three quarters
    assert rolled.score == pytest.approx(0.51, abs=0.06)
    assert rolled.score < flip.score


@pytest.mark.parametrize(("name", "metric", "way"), FLIPS)
def test_rocking_between_the_air_and_the_floor_adds_up_to_no_flip(name: str, metric: str, way: int) -> None:
    hopper = stage(name)
    # five times over a tenth of a turn in the air, and back again with the torso on the floor
    over, lying = np.linspace(0.4, 0.5, 100), np.linspace(0.5, 0.4, 100)
    path = np.tile(hopper.pose(), (1000, 1))
    path[:, 2] = 2 * np.pi * way * np.tile(np.concatenate([over, lying]), 5)
    grounded = hopper.grounded(path)
    grounded[np.arange(1000) % 200 < 100, 1] += 0.5
    rocked = hopper.judged(metric, hopper.shown(grounded))
    assert rocked.score == pytest.approx(0.1, abs=1e-3)
    assert not rocked.success


@pytest.mark.parametrize("name", ["Hopper-v5", "Walker2d-v5"])
def test_who_crouches_or_walks_does_not_stand(name: str) -> None:
    robot = stage(name)
    seconds = 8.0
    upright = robot.grounded(np.tile(robot.pose(), (round(seconds / robot.card.dt) + 1, 1)))
    crouched, walking, fallen = upright.copy(), upright.copy(), upright[:-300]
    crouched[:, 1] -= 0.45
    walking[:, 0] = np.linspace(0, seconds, len(walking))
    assert_told_apart(
        robot,
        "stand",
        done={"still": robot.shown(upright)},
        near={
            "crouched": robot.shown(crouched),
            "walking": robot.shown(walking),
            "fallen": robot.shown(fallen),
        },
    )


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
    # of each forty steps 37 upright, 2.4 m back, and three on its back, in which it gets all the way ahead again
    within = np.arange(1001) % 40
    returned = run(cheetah, 0.0, lambda t: np.pi * (within > 36))
    returned[:, 0] = np.interp(within, (0, 36, 39), (0, -2.4, 0))
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
            "there, and back again on its back": cheetah.shown(returned),
        },
    )
    # 2 m/s all the time; of the turn onto its back, one third of a second is within 60 degrees: 20.33 s of 50 s
    assert values["backwards"].score == pytest.approx(2.0, abs=1e-4)
    assert values["fallen over after 20 s, sliding"].score == pytest.approx(2.0 * 20.33 / 50, abs=0.01)
    assert values["forwards"].score == pytest.approx(-2.0, abs=1e-4)
    # 25 rounds that end where they began, and the 26th, which is not over: 1 step of 2.4 / 36 m in 50 s at most
    assert values["there, and back again on its back"].score == pytest.approx(0.0, abs=0.01)


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
