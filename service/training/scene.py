"""The geometry of an episode: what MuJoCo's viewer draws of a model, and where its parts are in each state.

Bodies that cannot move against each other are one link, so that an episode needs one pose for each link and frame, however
many geoms a link carries. Geoms that cannot move at all, the floor among them, belong to no link and are stored once.

Left out is what the viewer does not show as it opens: geoms of groups above 2, which by convention are the coarse shapes that
only collide, and geoms that are fully transparent. Sites, tendons, lights and textures are no geoms and are not there either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Pose = tuple[float, float, float, float, float, float, float]
"""x, y, z in metres, then a quaternion w, x, y, z of unit length."""
WORLD = -1
LAST_SHOWN_GROUP = 2
STATE = mujoco.mjtState.mjSTATE_QPOS | mujoco.mjtState.mjSTATE_MOCAP_POS | mujoco.mjtState.mjSTATE_MOCAP_QUAT
_DEFAULT_COLOUR = (0.5, 0.5, 0.5, 1.0)


@dataclass(frozen=True)
class Geom:
    """One drawn shape, at `pose` within its link: `link` is the link's place in the scene, or `WORLD`.

    `kind` is MuJoCo's name (plane, sphere, capsule, ellipsoid, cylinder, box, mesh, …), `size` its three numbers in metres as
    MuJoCo defines them for that kind (half lengths; a plane's x or y of 0 is infinite), `colour` is RGBA in [0, 1]. `name` is
    empty where the model gives none; `mesh` is the mesh's place in the scene.
    """

    body: str
    name: str
    kind: str
    size: tuple[float, float, float]
    colour: tuple[float, float, float, float]
    link: int
    pose: Pose
    mesh: int | None = None


@dataclass(frozen=True)
class Mesh:
    """A triangle mesh: `vertices` float32 `[V, 3]` in metres, `faces` `[F, 3]` uint16, or uint32 where there are more vertices."""

    name: str
    vertices: Floats
    faces: NDArray[np.uint16] | NDArray[np.uint32]


@dataclass(frozen=True)
class Scene:
    """All drawn geoms, the bodies that give the links their poses, and each mesh once."""

    links: tuple[str, ...]
    geoms: tuple[Geom, ...]
    meshes: tuple[Mesh, ...]


def scene_of(model: mujoco.MjModel) -> Scene:
    """What MuJoCo's viewer draws of a model."""
    drawn = [geom for geom in range(model.ngeom) if _is_drawn(model, geom)]
    links = _links(model, drawn)
    meshes = sorted({int(model.geom_dataid[geom]) for geom in drawn if _is_mesh(model, geom)})
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    return Scene(
        links=tuple(model.body(link).name for link in links),
        geoms=tuple(_geom(model, data, geom, links, meshes) for geom in drawn),
        meshes=tuple(_mesh(model, mesh) for mesh in meshes),
    )


def state_of(model: mujoco.MjModel, data: mujoco.MjData) -> NDArray[np.float64]:
    """What the poses of a model follow from: positions of its joints and of its bodies that are moved from outside, `[S]`."""
    state = np.empty(mujoco.mj_stateSize(model, STATE), np.float64)
    mujoco.mj_getState(model, data, state, STATE)
    return state


def link_poses(model: mujoco.MjModel, states: Sequence[NDArray[np.float64]]) -> Floats:
    """The poses of the scene's links in each state, float32 `[T, L, 7]`.

    They are worked out anew: after a step, MuJoCo's own data still hold the poses of before its last substep.
    """
    links = _links(model, [geom for geom in range(model.ngeom) if _is_drawn(model, geom)])
    data = mujoco.MjData(model)
    poses = np.empty((len(states), len(links), 7), np.float32)
    for t, state in enumerate(states):
        mujoco.mj_setState(model, data, state, STATE)
        mujoco.mj_kinematics(model, data)
        poses[t, :, :3], poses[t, :, 3:] = data.xpos[links], data.xquat[links]
    return poses


def _is_drawn(model: mujoco.MjModel, geom: int) -> bool:
    return bool(model.geom_group[geom] <= LAST_SHOWN_GROUP and _colour(model, geom)[3] > 0)


def _is_mesh(model: mujoco.MjModel, geom: int) -> bool:
    return bool(model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_MESH)


def _links(model: mujoco.MjModel, geoms: Sequence[int]) -> list[int]:
    return sorted({_link(model, int(model.geom_bodyid[geom])) for geom in geoms} - {0})


def _link(model: mujoco.MjModel, body: int) -> int:
    """The nearest ancestor, or the body itself, that joints or something outside can move; 0 is the world."""
    while body and not model.body_jntnum[body] and model.body_mocapid[body] < 0:
        body = int(model.body_parentid[body])
    return body


def _geom(model: mujoco.MjModel, data: mujoco.MjData, geom: int, links: Sequence[int], meshes: Sequence[int]) -> Geom:
    body = int(model.geom_bodyid[geom])
    link = _link(model, body)
    return Geom(
        body=model.body(body).name,
        name=model.geom(geom).name,
        kind=mujoco.mjtGeom(int(model.geom_type[geom])).name.removeprefix("mjGEOM_").lower(),
        size=_three(model.geom_size[geom]),
        colour=_colour(model, geom),
        link=links.index(link) if link else WORLD,
        pose=_within(data, link, body, model.geom_pos[geom], model.geom_quat[geom]),
        mesh=meshes.index(int(model.geom_dataid[geom])) if _is_mesh(model, geom) else None,
    )


def _three(values: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z


def _colour(model: mujoco.MjModel, geom: int) -> tuple[float, float, float, float]:
    """The material's colour, unless the geom has one of its own: MuJoCo takes one that is not the default for its own."""
    red, green, blue, alpha = (float(value) for value in model.geom_rgba[geom])
    material = int(model.geom_matid[geom])
    if material >= 0 and (red, green, blue, alpha) == _DEFAULT_COLOUR:
        red, green, blue, alpha = (float(value) for value in model.mat_rgba[material])
    return red, green, blue, alpha


def _within(
    data: mujoco.MjData, link: int, body: int, position: NDArray[np.float64], quaternion: NDArray[np.float64]
) -> Pose:
    """A pose in the frame of a body, in the frame of that body's link."""
    inverse, relative, result = ((np.empty(3), np.empty(4)) for _ in range(3))
    mujoco.mju_negPose(*inverse, data.xpos[link], data.xquat[link])
    mujoco.mju_mulPose(*relative, *inverse, data.xpos[body], data.xquat[body])
    mujoco.mju_mulPose(*result, *relative, position, quaternion)
    x, y, z, qw, qx, qy, qz = (float(value) for value in np.concatenate(result))
    return x, y, z, qw, qx, qy, qz


def _mesh(model: mujoco.MjModel, mesh: int) -> Mesh:
    first, count = int(model.mesh_vertadr[mesh]), int(model.mesh_vertnum[mesh])
    face, faces = int(model.mesh_faceadr[mesh]), int(model.mesh_facenum[mesh])
    narrow = np.uint16 if count <= 2**16 else np.uint32
    return Mesh(
        name=model.mesh(mesh).name,
        vertices=model.mesh_vert[first : first + count].astype(np.float32),
        faces=model.mesh_face[face : face + faces].astype(narrow),
    )
