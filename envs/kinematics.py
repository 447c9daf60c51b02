"""Forward kinematics: where a model's parts are, for a whole rollout of observed positions at once, in C++.

One step of `mujoco.rollout` from each observed position, with everything but positions switched off, fills sensors that are put
into a copy of the model. Those of a MuJoCo step are of the state before it, so that they are of the observed one.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache

import mujoco
import numpy as np
from mujoco import rollout
from numpy.typing import NDArray

from envs.card import EnvCard, place_of
from envs.errors import CardMismatch
from envs.reference import make_reference
from envs.sources import Posed, entries_of

Floats = NDArray[np.float32]
FARTHEST = 100.0
"""Metres up to which a clearance is measured; what is farther away counts as this far."""
_ROWS = 8192
_OFF = (
    mujoco.mjtDisableBit.mjDSBL_CONSTRAINT,
    mujoco.mjtDisableBit.mjDSBL_CONTACT,
    mujoco.mjtDisableBit.mjDSBL_SPRING,
    mujoco.mjtDisableBit.mjDSBL_DAMPER,
    mujoco.mjtDisableBit.mjDSBL_GRAVITY,
    mujoco.mjtDisableBit.mjDSBL_ACTUATION,
)


class ForwardKinematics:
    """Poses one model, given as an MJCF file, and reads `wanted` quantities.

    Raises `CardMismatch` where the model has no such geom or body, or a floor is asked for that is not there.
    """

    def __init__(self, path: str, wanted: Sequence[Posed]) -> None:
        self._wanted = tuple(wanted)
        self._model = _with_sensors(path, self._wanted)
        self._own = threading.local()
        self._threshold = {
            posed: _contact_margin(self._model, posed.name) for posed in wanted if posed.quantity == "contact"
        }
        self._state = mujoco.mj_stateSize(self._model, mujoco.mjtState.mjSTATE_FULLPHYSICS)

    def values(self, positions: Floats) -> dict[Posed, Floats]:
        """Each wanted quantity, float32 `[B]` or `[B, n]`, for generalised positions `[B, nq]`."""
        data = self._data()
        sensed = np.empty((len(positions), self._model.nsensordata))
        for first in range(0, len(positions), _ROWS):
            rows = positions[first : first + _ROWS]
            states = np.zeros((len(rows), self._state))
            states[:, 1 : 1 + self._model.nq] = rows
            _, found = rollout.rollout(self._model, data, states, nstep=1)
            sensed[first : first + _ROWS] = found[:, 0]
        found, at = dict[Posed, Floats](), 0
        for posed in self._wanted:
            values = sensed[:, at : at + posed.entries].astype(np.float32)
            at += posed.entries
            if posed.quantity == "contact":
                values = (values < self._threshold[posed]).astype(np.float32)
            found[posed] = values[:, 0] if posed.entries == 1 else values
        return found

    def _data(self) -> mujoco.MjData:
        """This thread's own: a generation is trained in several threads, and `rollout` lets go of the interpreter's lock."""
        if not hasattr(self._own, "data"):
            self._own.data = mujoco.MjData(self._model)
        found: mujoco.MjData = self._own.data
        return found


def kinematics(card: EnvCard, wanted: tuple[Posed, ...]) -> ForwardKinematics:
    """Of a card's reference model. Raises `ReferenceUnavailable` where it is not installed, and `CardMismatch`.

    Made once in a process for each model and choice of quantities: compiling a model takes as long as thousands of poses.
    """
    return _kinematics(_model_file(card), wanted)


_FILES: dict[str, str] = {}


def _model_file(card: EnvCard) -> str:
    if card.id not in _FILES:
        environment = make_reference(card)
        path, wanted = str(environment.unwrapped.fullpath), environment.unwrapped.model.nq  # type: ignore[attr-defined]
        environment.close()
        given = (
            sum(entries_of(source, card.observation) for source in card.kinematics.positions) if card.kinematics else 0
        )
        if given != wanted:
            raise CardMismatch(
                f"{place_of(card, 'kinematics', 'positions')}: expected the {wanted} generalised positions (qpos) of the reference "
                f"{card.engine.reference}, got sources of {given} numbers"
            )
        _FILES[card.id] = path
    return _FILES[card.id]


@cache
def _kinematics(path: str, wanted: tuple[Posed, ...]) -> ForwardKinematics:
    return ForwardKinematics(path, wanted)


def _with_sensors(path: str, wanted: Sequence[Posed]) -> mujoco.MjModel:
    spec = mujoco.MjSpec.from_file(path)
    for sensor in list(spec.sensors):
        spec.delete(sensor)
    known = {
        "geom": [one.name for one in spec.geoms if one.name],
        "body": [one.name for one in spec.bodies if one.name],
    }
    floor = next((one.name for one in spec.worldbody.geoms if one.type == mujoco.mjtGeom.mjGEOM_PLANE), None)
    for posed in wanted:
        if posed.name not in known[posed.kind]:
            raise CardMismatch(f"{path}: no {posed.kind} {posed.name!r}; known: {', '.join(known[posed.kind])}")
        if posed.quantity in ("clearance", "contact"):
            if floor is None:
                raise CardMismatch(f"{path}: {posed.quantity} is against the floor, and this model has no plane")
            spec.add_sensor(
                type=mujoco.mjtSensor.mjSENS_GEOMDIST,
                objtype=mujoco.mjtObj.mjOBJ_GEOM, objname=posed.name,
                reftype=mujoco.mjtObj.mjOBJ_GEOM, refname=floor,
                cutoff=FARTHEST,
            )  # fmt: skip
            continue
        of = mujoco.mjtSensor.mjSENS_FRAMEPOS if posed.quantity == "position" else mujoco.mjtSensor.mjSENS_FRAMEQUAT
        what = mujoco.mjtObj.mjOBJ_GEOM if posed.kind == "geom" else mujoco.mjtObj.mjOBJ_XBODY
        spec.add_sensor(type=of, objtype=what, objname=posed.name)
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_EULER
    for flag in _OFF:
        spec.option.disableflags |= int(flag)
    return spec.compile()


def _contact_margin(model: mujoco.MjModel, geom: str) -> float:
    """Distance below which MuJoCo makes a contact of a geom and the floor: the sum of both margins."""
    plane = int(np.flatnonzero(model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE)[0])
    return float(model.geom_margin[model.geom(geom).id] + model.geom_margin[plane])
