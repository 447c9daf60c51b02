"""What each variable of the cards of Gymnasium's MuJoCo environments means, said by the names of joints, bodies and geoms alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import mujoco
import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Meaning = Callable[[mujoco.MjModel, mujoco.MjData], Values | float]
Meanings = Mapping[str, Meaning]
FLOOR = "floor"


def angles(*joints: str) -> Meaning:
    return lambda model, data: np.concatenate([data.joint(joint).qpos for joint in joints])


def rates(*joints: str, limit: float = np.inf) -> Meaning:
    return lambda model, data: np.clip(np.concatenate([data.joint(joint).qvel for joint in joints]), -limit, limit)


def one(meaning: Meaning, entry: int = 0) -> Meaning:
    return lambda model, data: np.asarray(meaning(model, data))[entry]


def body(name: str, axis: int | None = None) -> Meaning:
    return lambda model, data: np.array(data.body(name).xpos)[axis if axis is not None else slice(None)]


def geom(name: str) -> Meaning:
    return lambda model, data: np.array(data.geom(name).xpos)


def velocity(name: str, axis: int, limit: float = np.inf) -> Meaning:
    """Of the origin of a body's frame, along an axis of the world."""

    def meaning(model: mujoco.MjModel, data: mujoco.MjData) -> Values | float:
        return float(np.clip(_moving(model, data, name, local=False)[3 + axis], -limit, limit))

    return meaning


def pitch_rate(name: str, limit: float = np.inf) -> Meaning:
    """Of a body that turns about the world's y alone."""
    return lambda model, data: float(np.clip(_moving(model, data, name, local=False)[1], -limit, limit))


def own_rates(name: str) -> Meaning:
    """Angular velocity of a body about the axes of its own frame."""
    return lambda model, data: _moving(model, data, name, local=True)[:3]


def _moving(model: mujoco.MjModel, data: mujoco.MjData, name: str, *, local: bool) -> Values:
    found = np.zeros(6)
    mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_XBODY, model.body(name).id, found, local)
    return found


def lowest(name: str) -> Meaning:
    """Height of the lowest point of a sphere or capsule: its two ends lie along its own z, at half its length."""

    def meaning(model: mujoco.MjModel, data: mujoco.MjData) -> float:
        half = 0.0 if model.geom(name).type[0] == mujoco.mjtGeom.mjGEOM_SPHERE else model.geom(name).size[1]
        along = data.geom(name).xmat.reshape(3, 3)[2, 2]
        return float(data.geom(name).xpos[2] - abs(half * along) - model.geom(name).size[0])

    return meaning


def touching(name: str) -> Meaning:
    """Whether MuJoCo has made a contact of a geom and the floor."""

    def meaning(model: mujoco.MjModel, data: mujoco.MjData) -> float:
        pair = {model.geom(name).id, model.geom(FLOOR).id}
        return float(any({contact.geom1, contact.geom2} == pair for contact in data.contact))

    return meaning


def pushed(*names: str, limit: float = np.inf) -> Meaning:
    """Sum of the forces of all contacts on some geoms of one body, along the axes of the world."""

    def meaning(model: mujoco.MjModel, data: mujoco.MjData) -> Values:
        total, own = np.zeros(3), {model.geom(name).id for name in names}
        for i, contact in enumerate(data.contact):
            force = np.zeros(6)
            mujoco.mj_contactForce(model, data, i, force)
            world = contact.frame.reshape(3, 3).T @ force[:3]
            # it acts on the second geom, and as much the other way on the first
            total += world * (contact.geom2 in own) - world * (contact.geom1 in own)
        return np.clip(total, -limit, limit)

    return meaning


def motors(*joints: str) -> Meaning:
    def meaning(model: mujoco.MjModel, data: mujoco.MjData) -> Values:
        gears = [model.actuator(joint).gear[0] for joint in joints]
        return np.array([data.actuator(joint).force[0] for joint in joints]) * gears

    return meaning


def foot(name: str, part: str) -> dict[str, Meaning]:
    return {f"{name}_position": geom(part), f"{name}_clearance": lowest(part), f"{name}_contact": touching(part)}


_PLANAR: Meanings = {
    "x_position": body("torso", 0),
    "forward_velocity": velocity("torso", 0, limit=10),
    "vertical_velocity": velocity("torso", 2, limit=10),
    "torso_height": body("torso", 2),
    "torso_angle": one(angles("rooty")),
    "torso_angular_velocity": pitch_rate("torso", limit=10),
}
"""The torso of Hopper and Walker2d."""

HOPPER: Meanings = {
    **_PLANAR,
    "thigh_angle": one(angles("thigh_joint")),
    "leg_angle": one(angles("leg_joint")),
    "foot_angle": one(angles("foot_joint")),
    "joint_velocities": rates("thigh_joint", "leg_joint", "foot_joint", limit=10),
    "torso_clearance": lowest("torso_geom"),
    **foot("foot", "foot_geom"),
}

_RIGHT, _LEFT = ("thigh_joint", "leg_joint", "foot_joint"), ("thigh_left_joint", "leg_left_joint", "foot_left_joint")
WALKER: Meanings = {
    **_PLANAR,
    "right_leg_angles": angles(*_RIGHT),
    "left_leg_angles": angles(*_LEFT),
    "joint_velocities": rates(*_RIGHT, *_LEFT, limit=10),
    # a joint's anchor is where both of its bodies meet
    "hip_position": lambda model, data: np.array(data.joint("thigh_joint").xanchor),
    "torso_clearance": lowest("torso_geom"),
    **foot("right_foot", "foot_geom"),
    **foot("left_foot", "foot_left_geom"),
}

_BACK, _FRONT = ("bthigh", "bshin", "bfoot"), ("fthigh", "fshin", "ffoot")
CHEETAH: Meanings = {
    "x_position": body("torso", 0),
    "forward_velocity": velocity("torso", 0),
    "vertical_velocity": velocity("torso", 2),
    # the model's torso stands at 0.7 m
    "torso_height": lambda model, data: data.body("torso").xpos[2] - 0.7,
    "torso_angle": one(angles("rooty")),
    "torso_angular_velocity": pitch_rate("torso"),
    "back_leg_angles": angles(*_BACK),
    "front_leg_angles": angles(*_FRONT),
    "joint_velocities": rates(*_BACK, *_FRONT),
    "head_position": geom("head"),
    "torso_clearance": lowest("torso"),
    **foot("back_foot", "bfoot"),
    **foot("front_foot", "ffoot"),
}

_ANT_LEGS = {
    "front_left": ("left_ankle_geom", "hip_1", "ankle_1"),
    "back_left": ("right_ankle_geom", "hip_2", "ankle_2"),
    "back_right": ("third_ankle_geom", "hip_3", "ankle_3"),
    "front_right": ("fourth_ankle_geom", "hip_4", "ankle_4"),
}
_ANT_JOINTS = [joint for _, *joints in _ANT_LEGS.values() for joint in joints]
_ANT: Meanings = {
    "torso_height": body("torso", 2),
    "torso_orientation": lambda model, data: np.array(data.body("torso").xquat),
    "torso_angular_velocity": own_rates("torso"),
    "joint_angles": angles(*_ANT_JOINTS),
    "joint_velocities": rates(*_ANT_JOINTS),
    # the inner parts of the legs are bodies of their own, though nothing moves them against the torso
    "torso_force": pushed("torso_geom", limit=1),
    **{f"{leg}_foot_clearance": lowest(part) for leg, (part, *_) in _ANT_LEGS.items()},
    **{f"{leg}_foot_contact": touching(part) for leg, (part, *_) in _ANT_LEGS.items()},
    **{f"{leg}_foot_force": pushed(part, limit=1) for leg, (part, *_) in _ANT_LEGS.items()},
}
ANT: Meanings = {
    **_ANT,
    "x_position": body("torso", 0),
    "y_position": body("torso", 1),
    "forward_velocity": velocity("torso", 0),
    "sideways_velocity": velocity("torso", 1),
    "vertical_velocity": velocity("torso", 2),
}
LYING_ANT: Meanings = {
    **_ANT,
    "torso_position": lambda model, data: data.body("torso").xpos[:2],
    "torso_velocity": lambda model, data: _moving(model, data, "torso", local=False)[3:],
}

_ABDOMEN = ("abdomen_z", "abdomen_y", "abdomen_x")


def _limbs(side: str) -> dict[str, Meaning]:
    leg = [f"{side}_{joint}" for joint in ("hip_x", "hip_z", "hip_y", "knee")]
    arm = [f"{side}_{joint}" for joint in ("shoulder1", "shoulder2", "elbow")]
    return {
        f"{side}_leg_angles": angles(*leg),
        f"{side}_leg_velocities": rates(*leg),
        f"{side}_arm_angles": angles(*arm),
        f"{side}_arm_velocities": rates(*arm),
        f"{side}_hand_position": geom(f"{side}_hand"),
        f"{side}_knee_position": body(f"{side}_shin"),
        **foot(f"{side}_foot", f"{side}_foot"),
        f"{side}_shin_force": pushed(f"{side}_shin1"),
        f"{side}_foot_force": pushed(f"{side}_foot"),
        f"{side}_forearm_force": pushed(f"{side}_larm", f"{side}_hand"),
    }


_HUMANOID_JOINTS = [
    *_ABDOMEN,
    *(f"{side}_{joint}" for side in ("right", "left") for joint in ("hip_x", "hip_z", "hip_y", "knee")),
    *(f"{side}_{joint}" for side in ("right", "left") for joint in ("shoulder1", "shoulder2", "elbow")),
]
HUMANOID: Meanings = {
    "x_position": body("torso", 0),
    "y_position": body("torso", 1),
    "forward_velocity": velocity("torso", 0),
    "sideways_velocity": velocity("torso", 1),
    "vertical_velocity": velocity("torso", 2),
    "torso_height": body("torso", 2),
    "torso_orientation": lambda model, data: np.array(data.body("torso").xquat),
    "torso_angular_velocity": own_rates("torso"),
    "abdomen_angles": angles(*_ABDOMEN),
    "abdomen_velocities": rates(*_ABDOMEN),
    **_limbs("right"),
    **_limbs("left"),
    "head_position": geom("head"),
    "pelvis_position": body("pelvis"),
    "joint_torques": motors(*_HUMANOID_JOINTS),
    "torso_force": pushed("torso1", "head", "uwaist"),
    "pelvis_force": pushed("butt"),
}

SWIMMER: Meanings = {
    "x_position": body("torso", 0),
    "y_position": body("torso", 1),
    "forward_velocity": velocity("torso", 0),
    "sideways_velocity": velocity("torso", 1),
    "front_angle": one(angles("free_body_rot")),
    "front_angular_velocity": lambda model, data: _moving(model, data, "torso", local=False)[2],
    "hinge_angles": angles("motor1_rot", "motor2_rot"),
    "hinge_velocities": rates("motor1_rot", "motor2_rot"),
    "front_hinge_position": lambda model, data: np.array(data.joint("motor1_rot").xanchor),
    "back_hinge_position": lambda model, data: np.array(data.joint("motor2_rot").xanchor),
}


def _turned(name: str, against: str) -> Callable[[mujoco.MjModel, mujoco.MjData], Values]:
    """A body's rotation matrix as seen from another body."""

    def meaning(model: mujoco.MjModel, data: mujoco.MjData) -> Values:
        return data.body(against).xmat.reshape(3, 3).T @ data.body(name).xmat.reshape(3, 3)

    return meaning


_LINKS = (_turned("body0", "world"), _turned("body1", "body0"))
REACHER: Meanings = {
    # about z: the matrix is ((cos, -sin), (sin, cos))
    "joint_cosines": lambda model, data: np.array([link(model, data)[0, 0] for link in _LINKS]),
    "joint_sines": lambda model, data: np.array([link(model, data)[1, 0] for link in _LINKS]),
    "joint_velocities": rates("joint0", "joint1"),
    "target_position": lambda model, data: data.body("target").xpos[:2],
    "target_to_fingertip": lambda model, data: (data.body("fingertip").xpos - data.body("target").xpos)[:2],
}

_ARM = [
    f"r_{joint}_joint"
    for joint in ("shoulder_pan", "shoulder_lift", "upper_arm_roll", "elbow_flex", "forearm_roll", "wrist_flex", "wrist_roll")
]  # fmt: skip
PUSHER: Meanings = {
    "arm_angles": angles(*_ARM),
    "arm_velocities": rates(*_ARM),
    "hand_position": body("tips_arm"),
    "object_position": body("object"),
    "goal": body("goal"),
}

PENDULUM: Meanings = {
    "cart_position": body("cart", 0),
    "cart_velocity": velocity("cart", 0),
    "pole_angle": lambda model, data: np.arctan2(*_turned("pole", "cart")(model, data)[[0, 2], 2]),
    "pole_angular_velocity": pitch_rate("pole"),
}

_LOWER, _UPPER = _turned("pole", "cart"), _turned("pole2", "pole")
DOUBLE_PENDULUM: Meanings = {
    "cart_position": body("cart", 0),
    "cart_velocity": velocity("cart", 0, limit=10),
    # about y: the matrix is ((cos, 0, sin), (0, 1, 0), (-sin, 0, cos))
    "lower_pole_sine": lambda model, data: _LOWER(model, data)[0, 2],
    "lower_pole_cosine": lambda model, data: _LOWER(model, data)[2, 2],
    "upper_pole_sine": lambda model, data: _UPPER(model, data)[0, 2],
    "upper_pole_cosine": lambda model, data: _UPPER(model, data)[2, 2],
    "lower_pole_angular_velocity": pitch_rate("pole", limit=10),
    "upper_pole_angular_velocity": one(rates("hinge2", limit=10)),
    "rail_force": lambda model, data: float(np.clip(data.joint("slider").qfrc_constraint[0], -10, 10)),
}

MEANINGS: Mapping[str, Meanings] = {
    "Ant-lie-down": LYING_ANT,
    "Ant-v5": ANT,
    "HalfCheetah-v5": CHEETAH,
    "Hopper-backflip": HOPPER,
    "Hopper-frontflip": HOPPER,
    "Hopper-v5": HOPPER,
    "Humanoid-kneel": HUMANOID,
    "Humanoid-v5": HUMANOID,
    "HumanoidStandup-v5": HUMANOID,
    "InvertedDoublePendulum-v5": DOUBLE_PENDULUM,
    "InvertedPendulum-v5": PENDULUM,
    "Pusher-v5": PUSHER,
    "Reacher-v5": REACHER,
    "Swimmer-v5": SWIMMER,
    "Walker2d-splits": WALKER,
    "Walker2d-v5": WALKER,
}
"""Each variable's value in an `MjData`, but for those that are counted over an episode."""

AS_LEFT = {
    *("torso_force", "pelvis_force", "joint_torques", "rail_force"),
    *(f"{leg}_foot_force" for leg in _ANT_LEGS),
    *(f"{side}_{part}_force" for side in ("right", "left") for part in ("shin", "foot", "forearm")),
    *("hand_position", "object_position", "goal", "target_to_fingertip"),
}
"""Variables that the environments read from what a step leaves in its `MjData`: of forces there is nothing else, and positions
of bodies are then those of MuJoCo's last substep but one. All others are of the state that the step ended in."""

COUNTED = {"spin_turns": 2, "roll_turns": 0}
"""Variables counted over an episode, and about which of the torso's own axes (0, 1, 2 for x, y, z)."""
