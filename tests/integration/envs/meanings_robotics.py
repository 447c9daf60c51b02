"""What each variable of the cards of Gymnasium-Robotics means, said by the names of joints, bodies and sites alone.

The simulation must show the goal, which these environments hold beside it: after `RobotEnv._render_callback`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Values = NDArray[np.float64]
Meaning = Callable[[mujoco.MjModel, mujoco.MjData], Values | float]
Meanings = Mapping[str, Meaning]
STEP = 0.04
"""Seconds, by which the arm's environments scale velocities."""


def angles(*joints: str) -> Meaning:
    return lambda model, data: np.concatenate([data.joint(joint).qpos for joint in joints])


def rates(*joints: str, scale: float = 1.0) -> Meaning:
    return lambda model, data: scale * np.concatenate([data.joint(joint).qvel for joint in joints])


def site(name: str) -> Meaning:
    return lambda model, data: np.array(data.site(name).xpos)


def between(start: str, end: str) -> Meaning:
    """From one site to another."""
    return lambda model, data: data.site(end).xpos - data.site(start).xpos


def direction(start: str, end: str) -> Meaning:
    def meaning(model: mujoco.MjModel, data: mujoco.MjData) -> Values:
        way = np.array(data.site(end).xpos - data.site(start).xpos)
        return np.array(way / np.linalg.norm(way))

    return meaning


def _moving(model: mujoco.MjModel, data: mujoco.MjData, name: str) -> tuple[Values, Values]:
    """Velocity and angular velocity of a site in the world: by its Jacobian, so with the positions and the velocities of now."""
    ways, turns = np.zeros((3, model.nv)), np.zeros((3, model.nv))
    mujoco.mj_jacSite(model, data, ways, turns, model.site(name).id)
    return ways @ data.qvel, turns @ data.qvel


def way_per_step(name: str, seen_from: str | None = None) -> Meaning:
    def meaning(model: mujoco.MjModel, data: mujoco.MjData) -> Values:
        frame = _moving(model, data, seen_from)[0] if seen_from else np.zeros(3)
        return STEP * (_moving(model, data, name)[0] - frame)

    return meaning


def turn_per_step(name: str) -> Meaning:
    return lambda model, data: STEP * _moving(model, data, name)[1]


def euler(name: str) -> Meaning:
    """Of a site: about x, then the turned y, then the twice turned z."""
    return lambda model, data: Rotation.from_matrix(data.site(name).xmat.reshape(3, 3)).as_euler("XYZ")


def entries(meaning: Meaning, first: int, last: int) -> Meaning:
    return lambda model, data: np.asarray(meaning(model, data))[first:last]


def one(meaning: Meaning) -> Meaning:
    return lambda model, data: float(np.asarray(meaning(model, data))[0])


def hand(prefix: str) -> dict[str, Meaning]:
    """The angles of a Shadow hand by limb, whose joints begin with some prefix."""
    return {f"{limb}_angles": angles(*(prefix + joint for joint in joints)) for limb, joints in HAND.items()}


HAND: Mapping[str, tuple[str, ...]] = {
    "wrist": ("WRJ1", "WRJ0"),
    "first_finger": ("FFJ3", "FFJ2", "FFJ1", "FFJ0"),
    "middle_finger": ("MFJ3", "MFJ2", "MFJ1", "MFJ0"),
    "ring_finger": ("RFJ3", "RFJ2", "RFJ1", "RFJ0"),
    "little_finger": ("LFJ4", "LFJ3", "LFJ2", "LFJ1", "LFJ0"),
    "thumb": ("THJ4", "THJ3", "THJ2", "THJ1", "THJ0"),
}
"""The joints of each limb from the forearm out."""
FINGERS = ("robot0:r_gripper_finger_joint", "robot0:l_gripper_finger_joint")

REACH: Meanings = {
    "gripper_position": site("robot0:grip"),
    "goal": site("target0"),
    "finger_positions": angles(*FINGERS),
    "gripper_velocity": way_per_step("robot0:grip"),
}
OBJECT: Meanings = {
    **REACH,
    "object_position": site("object0"),
    "object_angles": euler("object0"),
    "object_velocity": way_per_step("object0", seen_from="robot0:grip"),
    "object_rotation": turn_per_step("object0"),
    "finger_velocities": rates(*FINGERS, scale=STEP),
}


def held(thing: str) -> Meanings:
    """A Shadow hand and the thing in it, whose free joint moves along the world's axes and turns about its own."""
    pose, motion = angles("object:joint"), rates("object:joint")
    return {
        **hand("robot0:"),
        "joint_velocities": rates(*(f"robot0:{joint}" for joints in HAND.values() for joint in joints)),
        f"{thing}_position": entries(pose, 0, 3),
        f"{thing}_orientation": entries(pose, 3, 7),
        f"{thing}_velocity": entries(motion, 0, 3),
        f"{thing}_angular_velocity": entries(motion, 3, 6),
    }


GOAL: Meanings = {"goal_orientation": entries(angles("target:joint"), 3, 7)}
BLOCK: Meanings = {**held("block"), **GOAL}
MEANINGS: Mapping[str, Meanings] = {
    "AdroitHandDoor-v1": {
        "arm_angles": angles("ARRx", "ARRy", "ARRz"),
        **hand(""),
        "latch_angle": one(angles("latch")),
        "door_angle": one(angles("door_hinge")),
        "palm_position": site("S_grasp"),
        "handle_position": site("S_handle"),
    },
    "AdroitHandPen-v1": {
        **hand(""),
        "pen_position": lambda model, data: np.array(data.body("Object").xpos),
        "pen_velocity": rates("OBJTx", "OBJTy", "OBJTz"),
        "pen_turn_rates": rates("OBJRx", "OBJRy", "OBJRz"),
        "pen_direction": direction("object_bottom", "object_top"),
        "goal_direction": direction("target_bottom", "target_top"),
        "pen_from_goal": lambda model, data: data.body("Object").xpos - data.site("eps_ball").xpos,
    },
    "FetchPickAndPlace-v4": OBJECT,
    "FetchPush-v4": OBJECT,
    "FetchReach-v4": REACH,
    "HandManipulateBlockRotateParallel-v1": BLOCK,
    "HandManipulateBlockRotateXYZ-v1": BLOCK,
    "HandManipulateBlockRotateZ-v1": BLOCK,
    "HandManipulatePenRotate-v1": {**held("pen"), **GOAL},
    "HandPen-spin": held("pen"),
}
COUNTED: Mapping[str, int] = {"pen_turns": 2}
"""Variables that are counted over an episode and not read from a state, and the body's axis about which."""
AS_LEFT: Mapping[str, frozenset[str]] = {
    "AdroitHandDoor-v1": frozenset({"palm_position", "handle_position"}),
    "AdroitHandPen-v1": frozenset({"pen_position", "pen_direction", "pen_from_goal"}),
    "FetchPickAndPlace-v4": frozenset(
        {"gripper_position", "gripper_velocity", "object_position", "object_angles", "object_velocity", "object_rotation"}
    ),
}  # fmt: skip
"""Variables that environments read where MuJoCo's last substep left sites and bodies: one substep behind the joints."""
