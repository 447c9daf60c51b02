"""Tasks of ant and humanoid beyond running forward: done, and what only looks like it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from tests.integration.envs.stage import Pose, Stage, Values, assert_told_apart, close_judges, stage


@pytest.fixture(scope="module", autouse=True)
def _sandboxes() -> Iterator[None]:
    yield
    close_judges()


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

    # leaning by 30 degrees to one side after the other, 1.2 times a second
    time = np.arange(1001) * ant.card.dt
    round_, lean = 2 * np.pi * 1.2 * time, np.radians(30) / 2
    wobble = np.tile(ant.pose(**STOOD), (1001, 1))
    wobble[:, 3:7] = np.stack(
        [np.full(1001, np.cos(lean)), np.sin(lean) * np.cos(round_), np.sin(lean) * np.sin(round_), np.zeros(1001)],
        axis=1,
    )
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
            "wobbling": ant.shown(ant.grounded(wobble)),
        },
    )
    assert values["wobbling"].score < 0.1
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
