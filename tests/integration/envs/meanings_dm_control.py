"""What each variable of the dm_control cards means, said by the names of joints, bodies, sites and sensors alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import mujoco
import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Meaning = Callable[[mujoco.MjModel, mujoco.MjData], Values | float]
Meanings = Mapping[str, Meaning]


def angles(*joints: str) -> Meaning:
    return lambda model, data: np.concatenate([data.joint(joint).qpos for joint in joints])


def rates(*joints: str) -> Meaning:
    return lambda model, data: np.concatenate([data.joint(joint).qvel for joint in joints])


def one(meaning: Meaning) -> Meaning:
    return lambda model, data: float(np.asarray(meaning(model, data))[0])


def height(body: str, above: float = 0.0) -> Meaning:
    return lambda model, data: float(data.body(body).xpos[2] - above)


def axis(data: mujoco.MjData, body: str, which: int) -> Values:
    """A body's own x, y or z axis in the world."""
    return np.array(data.body(body).xmat.reshape(3, 3)[:, which])


def upright(body: str) -> Meaning:
    """Cosine of the angle between a body's own z axis and the vertical."""
    return lambda model, data: float(axis(data, body, 2)[2])


def lean(body: str) -> Meaning:
    """How far a body's own z axis points along the world's x."""
    return lambda model, data: float(axis(data, body, 2)[0])


def pitches(*bodies: str) -> Meaning:
    return lambda model, data: np.concatenate([axis(data, body, 2)[[2, 0]] for body in bodies])


def moving(model: mujoco.MjModel, data: mujoco.MjData, body: str, *, local: bool = False) -> Values:
    """Angular velocity and velocity of a body's frame, about and along its own axes or those of the world."""
    found = np.zeros(6)
    mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_XBODY, model.body(body).id, found, local)
    return found


def velocity(body: str, along: int) -> Meaning:
    return lambda model, data: float(moving(model, data, body)[3 + along])


def velocities(body: str, *, local: bool) -> Meaning:
    return lambda model, data: moving(model, data, body, local=local)[3:]


def own_rates(body: str) -> Meaning:
    return lambda model, data: moving(model, data, body, local=True)[:3]


def own_acceleration(site: str) -> Meaning:
    """Acceleration of a site along its own axes, as an accelerometer reads it."""

    def meaning(model: mujoco.MjModel, data: mujoco.MjData) -> Values:
        found = np.zeros(6)
        mujoco.mj_objectAcceleration(model, data, mujoco.mjtObj.mjOBJ_SITE, model.site(site).id, found, True)
        return found[3:]

    return meaning


def sensors(squashed: Callable[[Values], Values], *names: str) -> Meaning:
    return lambda model, data: squashed(np.concatenate([data.sensor(name).data for name in names]))


def activations(*actuators: str) -> Meaning:
    return lambda model, data: data.act[[model.actuator(name).actadr[0] for name in actuators]]


def centre_of_mass_velocity(model: mujoco.MjModel, data: mujoco.MjData) -> Values:
    """The mean over all bodies, by mass, of the velocity of their own centres of mass."""
    total = np.zeros(3)
    for i in range(1, model.nbody):
        found = np.zeros(6)
        mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_BODY, i, found, False)
        total += model.body_mass[i] * found[3:]
    return np.array(total / model.body_mass[1:].sum())


def seen_from_torso(body: str) -> Meaning:
    return lambda model, data: (
        data.body("torso").xmat.reshape(3, 3).T @ (data.body(body).xpos - data.body("torso").xpos)
    )


def vertical(model: mujoco.MjModel, data: mujoco.MjData) -> Values:
    """The upward vertical in the torso's own axes."""
    return np.array(data.body("torso").xmat.reshape(3, 3).T @ np.array([0.0, 0.0, 1.0]))


def tip(model: mujoco.MjModel, data: mujoco.MjData) -> Values:
    """The spinning body's tip from its hinge, along x and z."""
    return np.array(data.site("tip").xpos - data.joint("hinge").xanchor)[[0, 2]]


LEGS = ("front_left", "front_right", "back_right", "back_left")
SIDES = ("right", "left")
ABDOMEN = ("abdomen_z", "abdomen_y", "abdomen_x")
LEG = ("hip_x", "hip_z", "hip_y", "knee", "ankle_y", "ankle_x")
ARM = ("shoulder1", "shoulder2", "elbow")


def of(side: str, *parts: str) -> tuple[str, ...]:
    return tuple(f"{side}_{part}" for part in parts)


MEANINGS: Mapping[str, Meanings] = {
    "CartpoleSwingup-v1": {
        "cart_position": one(angles("slider")),
        "pole_upright": upright("pole_1"),
        "pole_lean": lean("pole_1"),
        "cart_velocity": velocity("cart", 0),
        "pole_angular_velocity": lambda model, data: float(moving(model, data, "pole_1")[1]),
    },
    "CheetahRun-v1": {
        "forward_velocity": velocity("torso", 0),
        "vertical_velocity": velocity("torso", 2),
        "torso_height": height("torso", above=0.7),
        "torso_angle": one(angles("rooty")),
        "torso_angular_velocity": lambda model, data: float(moving(model, data, "torso")[1]),
        "back_leg_angles": angles("bthigh", "bshin", "bfoot"),
        "front_leg_angles": angles("fthigh", "fshin", "ffoot"),
        "back_leg_velocities": rates("bthigh", "bshin", "bfoot"),
        "front_leg_velocities": rates("fthigh", "fshin", "ffoot"),
    },
    "FingerSpin-v1": {
        "proximal_angle": one(angles("proximal")),
        "distal_angle": one(angles("distal")),
        "tip_position": tip,
        "proximal_velocity": one(rates("proximal")),
        "distal_velocity": one(rates("distal")),
        "spinner_velocity": one(rates("hinge")),
        "touch": sensors(np.log1p, "touchtop", "touchbottom"),
    },
    "HumanoidWalk-v1": {
        "head_height": height("head"),
        "torso_vertical": vertical,
        "com_velocity": centre_of_mass_velocity,
        "torso_velocity": velocities("torso", local=False),
        "torso_angular_velocity": own_rates("torso"),
        "abdomen_angles": angles(*ABDOMEN),
        **{f"{side}_leg_angles": angles(*of(side, *LEG)) for side in SIDES},
        **{f"{side}_arm_angles": angles(*of(side, *ARM)) for side in SIDES},
        "joint_velocities": rates(
            *ABDOMEN, *(joint for limb in (LEG, ARM) for side in SIDES for joint in of(side, *limb))
        ),
        **{f"{side}_{end}_position": seen_from_torso(f"{side}_{end}") for side in SIDES for end in ("hand", "foot")},
    },
    "QuadrupedWalk-v1": {
        "torso_velocity": velocities("torso", local=True),
        "torso_upright": upright("torso"),
        "torso_angular_velocity": own_rates("torso"),
        "torso_acceleration": own_acceleration("torso"),
        "way_to_start": lambda model, data: -data.body("torso").xmat.reshape(3, 3).T @ data.body("torso").xpos,
        **{f"{leg}_leg_angles": angles(*(f"{joint}_{leg}" for joint in ("yaw", "pitch", "knee", "ankle"))) for leg in LEGS},
        **{f"{leg}_leg_velocities": rates(*(f"{joint}_{leg}" for joint in ("yaw", "pitch", "knee", "ankle"))) for leg in LEGS},
        "drive_targets": activations(*(f"{drive}_{leg}" for leg in LEGS for drive in ("yaw", "lift", "extend"))),
        "toe_forces": sensors(np.arcsinh, *(f"force_toe_{leg}" for leg in LEGS)),
        "toe_torques": sensors(np.arcsinh, *(f"torque_toe_{leg}" for leg in LEGS)),
    },
    "WalkerWalk-v1": {
        "forward_velocity": velocity("torso", 0),
        "vertical_velocity": velocity("torso", 2),
        "torso_height": height("torso"),
        "torso_upright": upright("torso"),
        "torso_lean": lean("torso"),
        "torso_angular_velocity": lambda model, data: float(moving(model, data, "torso")[1]),
        **{f"{side}_leg_orientations": pitches(*of(side, "thigh", "leg", "foot")) for side in SIDES},
        **{f"{side}_leg_velocities": rates(*of(side, "hip", "knee", "ankle")) for side in SIDES},
    },
}  # fmt: skip
