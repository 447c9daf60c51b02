"""Scenes hold what MuJoCo's viewer draws, where MuJoCo's own kinematics put it."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from service.training.scene import WORLD, Geom, link_poses, scene_of, state_of
from tests.replay_reader import placed

# A cart that floats and turns, with a mast welded to it and an arm on a hinge; a body that is moved from outside; a wall that
# stands; and all that is not drawn.
MODEL = """
<mujoco>
  <asset>
    <material name="wood" rgba="0.6 0.4 0.2 1"/>
    <mesh name="wedge" vertex="0 0 0  1 0 0  0 1 0  0 0 1"/>
  </asset>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1" material="wood"/>
    <body name="wall" pos="3 0 1" quat="0.5 0.5 0.5 0.5">
      <geom name="brick" type="box" size="0.1 0.2 0.3" pos="0 0.5 0" rgba="1 0 0 0.5"/>
    </body>
    <body name="cart" pos="0 0 1">
      <freejoint/>
      <geom name="bed" type="box" size="0.5 0.3 0.1" material="wood" rgba="0 1 0 1"/>
      <geom name="hull" type="box" size="0.6 0.4 0.2" group="3"/>
      <geom name="ghost" type="sphere" size="0.4" rgba="1 1 1 0"/>
      <body name="mast" pos="0.2 0 0.3" euler="0 20 0">
        <geom name="pole" type="capsule" size="0.05" fromto="0 0 0 0.3 0.1 0.8"/>
        <geom name="flag" type="mesh" mesh="wedge" pos="0 0 0.5" euler="30 0 0"/>
        <geom name="pennant" type="mesh" mesh="wedge" pos="0 0 0.9"/>
        <body name="arm" pos="0 0 0.6">
          <joint type="hinge" axis="0 1 0"/>
          <geom type="cylinder" size="0.05 0.3" pos="0.3 0 0" euler="0 90 0"/>
        </body>
      </body>
    </body>
    <body name="hand" mocap="true" pos="1 1 1">
      <geom name="palm" type="ellipsoid" size="0.1 0.2 0.3" pos="0 0 0.1"/>
    </body>
  </worldbody>
</mujoco>
"""
DRAWN = ["floor", "brick", "bed", "pole", "flag", "pennant", "", "palm"]


@pytest.fixture
def model() -> mujoco.MjModel:
    return mujoco.MjModel.from_xml_string(MODEL)


def moved(model: mujoco.MjModel, seed: int) -> mujoco.MjData:
    """The model in a random state, with all that MuJoCo computes of it."""
    random, data = np.random.default_rng(seed), mujoco.MjData(model)
    data.qpos[:] = random.normal(size=model.nq)
    data.qpos[3:7] /= np.linalg.norm(data.qpos[3:7])
    data.mocap_pos[:] = random.normal(size=(1, 3))
    turn = random.normal(size=(1, 4))
    data.mocap_quat[:] = turn / np.linalg.norm(turn)
    mujoco.mj_forward(model, data)
    return data


def geom(model: mujoco.MjModel, name: str) -> Geom:
    return next(geom for geom in scene_of(model).geoms if geom.name == name)


def matrix(quaternion: NDArray[np.float64]) -> NDArray[np.float64]:
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, quaternion)
    return rotation


def test_every_geom_stands_where_mujocos_kinematics_put_it(model: mujoco.MjModel) -> None:
    scene = scene_of(model)
    states = [moved(model, seed) for seed in range(20)]
    links = link_poses(model, [state_of(model, data) for data in states])
    assert (links.shape, links.dtype) == ((20, 3, 7), np.float32)
    within = np.array([geom.pose for geom in scene.geoms])
    poses = placed(links, [geom.link for geom in scene.geoms], within)
    assert poses.shape == (20, len(DRAWN), 7)
    places = [i for i in range(model.ngeom) if model.geom(i).name in DRAWN]
    for pose, data in zip(poses, states, strict=True):
        for place, values in zip(places, pose, strict=True):
            # float32 holds 24 bits: 6e-8 of a link's positions, which are up to 5 m
            np.testing.assert_allclose(values[:3], data.geom_xpos[place], atol=1e-6)
            np.testing.assert_allclose(matrix(values[3:]), data.geom_xmat[place], atol=1e-6)


def test_what_is_drawn_is_what_mujocos_viewer_draws_in_its_colours(model: mujoco.MjModel) -> None:
    shown, data = mujoco.MjvScene(model, maxgeom=100), moved(model, 3)
    mujoco.mjv_updateScene(
        model, data, mujoco.MjvOption(), None, mujoco.MjvCamera(), mujoco.mjtCatBit.mjCAT_ALL.value, shown
    )
    drawn = [one for one in shown.geoms[: shown.ngeom] if one.objtype == mujoco.mjtObj.mjOBJ_GEOM]
    expected = {model.geom(one.objid).name: tuple(float(value) for value in one.rgba) for one in drawn}
    assert {geom.name: geom.colour for geom in scene_of(model).geoms} == expected
    assert set(expected) == set(DRAWN)


def test_a_geoms_own_colour_comes_before_its_materials(model: mujoco.MjModel) -> None:
    assert geom(model, "floor").colour == pytest.approx((0.6, 0.4, 0.2, 1))
    assert geom(model, "bed").colour == (0, 1, 0, 1)
    assert geom(model, "pole").colour == (0.5, 0.5, 0.5, 1)


def test_a_geom_tells_its_body_kind_and_size(model: mujoco.MjModel) -> None:
    floor, brick, pole = (geom(model, name) for name in ("floor", "brick", "pole"))
    assert (floor.body, floor.kind, floor.size) == ("world", "plane", (0, 0, 1))
    assert (brick.body, brick.kind, brick.size) == ("wall", "box", (0.1, 0.2, 0.3))
    # from (0, 0, 0) to (0.3, 0.1, 0.8) are sqrt(0.09 + 0.01 + 0.64) = 0.8602 m, half of which is 0.4301
    assert (pole.body, pole.kind) == ("mast", "capsule")
    assert pole.size[:2] == pytest.approx((0.05, 0.4301), abs=1e-4)


def test_bodies_that_cannot_move_against_each_other_are_one_link(model: mujoco.MjModel) -> None:
    scene = scene_of(model)
    assert scene.links == ("cart", "arm", "hand")
    links = {geom.name: geom.link for geom in scene.geoms}
    assert links == {
        "floor": WORLD, "brick": WORLD, "bed": 0, "pole": 0, "flag": 0, "pennant": 0, "": 1, "palm": 2,
    }  # fmt: skip


def test_a_mesh_is_there_once_with_its_vertices_and_faces(model: mujoco.MjModel) -> None:
    scene = scene_of(model)
    assert [mesh.name for mesh in scene.meshes] == ["wedge"]
    assert [geom.name for geom in scene.geoms if geom.mesh == 0] == ["flag", "pennant"]
    (mesh,) = scene.meshes
    assert mesh.vertices.shape == (4, 3)
    assert mesh.vertices.dtype == np.float32
    assert mesh.faces.shape == (4, 3)
    assert mesh.faces.dtype == np.uint16
    # MuJoCo moves a mesh to its centre and turns it to its axes, and its geoms the other way: what counts is where the corners
    # are in the world. In the mast's frame the pennant's are those of the wedge, 0.9 m up.
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    pennant = model.geom("pennant").id
    corners = mesh.vertices @ data.geom_xmat[pennant].reshape(3, 3).T + data.geom_xpos[pennant]
    mast = data.body("mast")
    local = (corners - mast.xpos) @ mast.xmat.reshape(3, 3)
    wedge = np.array([[0, 0, 0.9], [1, 0, 0.9], [0, 1, 0.9], [0, 0, 1.9]])
    np.testing.assert_allclose(local[np.lexsort(local.round(3).T)], wedge[np.lexsort(wedge.T)], atol=1e-6)


def test_poses_are_those_of_the_end_of_a_step_and_not_of_before_its_last_substep(model: mujoco.MjModel) -> None:
    flags = mujoco.mjtDisableBit
    model.opt.disableflags = flags.mjDSBL_GRAVITY | flags.mjDSBL_CONTACT
    data = mujoco.MjData(model)
    data.qvel[0] = 1.0
    mujoco.mj_step(model, data)
    (pose,) = link_poses(model, [state_of(model, data)])
    # 1 m/s for one substep of 2 ms are 2 mm, from where the model stands
    np.testing.assert_allclose(pose[0, :3], [0.002, 0, 1], atol=1e-6)
    np.testing.assert_allclose(data.body("cart").xpos, [0, 0, 1], atol=1e-6)
