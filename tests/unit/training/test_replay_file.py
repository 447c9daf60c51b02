"""Replays as files, read by the description of their layout alone and compared with MuJoCo's own poses."""

from __future__ import annotations

import gzip
from dataclasses import replace

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from service.schema import EpisodeSummary
from service.training.replay_file import replay_files
from service.training.scene import Geom, scene_of
from tests.replay_reader import ReadReplay, SafetensorsFile
from tests.tumbled import STEPS, tumbled


@pytest.mark.parametrize("drift", [0.0, 30.0])
def test_whoever_reads_a_replay_sees_mujocos_own_poses_within_the_stated_error(drift: float) -> None:
    replay, positions, matrices = tumbled(drift)
    read = ReadReplay(replay_files(replay).episode)
    found, wanted = read.links, replay.links.astype(np.float64)
    far = np.abs(wanted[..., :3]).max()
    # float32 of the poses and of the origin: 2^-24 of a number each
    rounding = far * 2.0**-23
    resolution = read.tensors["resolution"][:, None]
    assert (np.abs(found[..., :3] - wanted[..., :3]) <= resolution / 2 + rounding).all()
    reach = np.abs(wanted[..., :3] - wanted[:, :1, :3]).max()
    assert resolution.max() / 2 <= reach / 65534 * 1.001
    turned = np.abs(np.sum(found[..., 3:] * wanted[..., 3:], axis=-1)) / np.linalg.norm(wanted[..., 3:], axis=-1)
    # the angle between two quaternions is 2 acos of their product; of 1 - 4.8e-10 that is 6.2e-5 rad
    assert (turned >= np.cos(6.2e-5 / 2)).all()
    # a geom's place is its link's, sqrt(3) times the error of an axis, and the turn's at 0.2 m at most
    poses = read.geoms
    error = np.linalg.norm(poses[..., :3] - positions, axis=-1)
    assert error.max() <= np.sqrt(3) * (reach / 65534 + rounding) + 0.2 * 6.2e-5
    for t in (0, STEPS):
        for pose, matrix in zip(poses[t], matrices[t], strict=True):
            rotation = np.empty(9)
            mujoco.mju_quat2Mat(rotation, pose[3:])
            np.testing.assert_allclose(rotation, matrix, atol=6.2e-5 * 1.5)


def test_sixty_moving_geoms_over_a_thousand_frames_are_under_a_megabyte_as_they_are_sent() -> None:
    replay, _, _ = tumbled()
    assert replay.links.shape == (1000, 60, 7)
    assert len(replay.scene.geoms) == 61
    # 60 poses of 14 bytes in 1,000 frames are 840,000 bytes, 47 float32 (noise here, which does not shrink) 188,000
    episode = replay_files(replay).episode
    assert len(episode) > 1_028_000  # more than may be sent
    assert len(gzip.compress(episode)) < 1_000_000


def test_a_thing_that_is_far_away_leaves_the_others_as_exact_as_they_were() -> None:
    replay, _, _ = tumbled()
    flown = replay.links.copy()
    flown[-1, -1, :3] = 5000.0
    near, far = (
        ReadReplay(replay_files(replace(replay, links=links)).episode).links for links in (replay.links, flown)
    )
    np.testing.assert_array_equal(far[:, :-1], near[:, :-1])


def test_numbers_are_bit_for_bit_what_was_recorded_and_names_keep_their_order() -> None:
    replay, _, _ = tumbled()
    read = ReadReplay(replay_files(replay).episode)
    assert read.header["components"] == [f"component_{i}" for i in range(16)]
    assert read.header["variables"] == ["all"]
    recorded = {"rewards": replay.rewards, "variable.all": replay.variables["all"]}
    for name, values in {**recorded, **{f"component.{k}": v for k, v in replay.components.items()}}.items():
        np.testing.assert_array_equal(read.tensors[name], values)


def test_the_header_tells_what_was_played_and_what_is_drawn() -> None:
    replay, _, _ = tumbled()
    header = ReadReplay(replay_files(replay).episode).header
    told = {key: header[key] for key in ("format", "environment", "reference", "seed", "dt", "meshes")}
    assert told == {
        "format": "rewardsmith-replay-2", "environment": "Pile", "reference": "Pile-v0", "seed": 3, "dt": 0.008, "meshes": None,
    }  # fmt: skip
    assert EpisodeSummary.model_validate(header["summary"]) == replay.summary
    assert header["links"] == [f"{i}.{k}" for i in range(15) for k in range(4)]
    assert tuple(TypeAdapter(Geom).validate_python(one) for one in header["geoms"]) == replay.scene.geoms


def test_meshes_are_a_file_of_their_own_that_a_replay_names_by_its_hash() -> None:
    wedge = '<mesh name="wedge" vertex="0 0 0  1 0 0  0 1 0  0 0 1"/>'
    worn = '<body><freejoint/><geom type="mesh" mesh="wedge"/></body>'
    model = mujoco.MjModel.from_xml_string(f"<mujoco><asset>{wedge}</asset><worldbody>{worn}</worldbody></mujoco>")
    replay = replace(tumbled()[0], scene=scene_of(model), links=np.zeros((1000, 1, 7), np.float32))
    files = replay_files(replay)
    assert files.meshes is not None
    read = SafetensorsFile(files.meshes.content, "meshes")
    assert read.header == {"format": "rewardsmith-meshes-1", "meshes": ["wedge"]}
    np.testing.assert_array_equal(read.tensors["0.vertices"], replay.scene.meshes[0].vertices)
    np.testing.assert_array_equal(read.tensors["0.faces"], replay.scene.meshes[0].faces)
    header = ReadReplay(files.episode).header
    assert header["meshes"] == files.meshes.digest
    assert [geom["mesh"] for geom in header["geoms"]] == [0]


@settings(derandomize=True, deadline=None, max_examples=30)
@given(
    links=st.integers(0, 4),
    steps=st.integers(1, 5),
    name=st.text(max_size=8),
    size=st.sampled_from([1e-9, 1e-3, 1.0, 1e6]),
)
def test_any_number_of_links_and_frames_can_be_read(links: int, steps: int, name: str, size: float) -> None:
    base = tumbled()[0]
    poses = np.random.default_rng(steps).normal(0, size, (steps + 1, links, 7)).astype(np.float32)
    poses[..., 3:] /= np.maximum(np.linalg.norm(poses[..., 3:], axis=-1, keepdims=True), 1e-30)
    replay = replace(
        base, environment=name, links=poses, scene=replace(base.scene, links=(name,) * links, geoms=()),
        rewards=base.rewards[:steps], components={}, variables={"v": np.zeros((steps + 1, 0), np.float32)},
    )  # fmt: skip
    read = ReadReplay(replay_files(replay).episode)
    assert read.header["environment"] == name
    reach = np.abs(poses[..., :3]).max(initial=1e-3) * 2
    np.testing.assert_allclose(read.links[..., :3], poses[..., :3], atol=reach / 65534 * 1.01)
