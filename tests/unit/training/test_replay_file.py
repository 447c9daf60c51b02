from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import save

from service.schema import EpisodeEnd, EpisodeSummary
from service.training.replay import Replay
from service.training.replay_file import ReplayUnreadable, load_replay, replay_bytes
from service.training.scene import WORLD, Geom, Mesh, Scene

numbers = st.floats(-1e6, 1e6, width=32)
texts = st.text(max_size=8)
identifiers = st.sampled_from(["progress", "height", "effort", "links", "_", "x" * 48])
Bits = Callable[..., NDArray[np.float32]]


@st.composite
def bits(draw: st.DrawFn) -> Bits:
    """Makes float32 arrays of any bits at all, infinities and NaN among them."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return lambda *shape: random.integers(0, 2**32, shape, np.uint32).view(np.float32)


@st.composite
def scenes(draw: st.DrawFn, floats: Bits) -> Scene:
    links, index = draw(st.lists(texts, max_size=3)), draw(st.sampled_from([np.uint16, np.uint32]))
    meshes = tuple(
        Mesh(name, floats(3 + i, 3), np.arange(6, dtype=index).reshape(2, 3))
        for i, name in enumerate(draw(st.lists(texts, max_size=2)))
    )
    geom = st.builds(
        Geom,
        body=texts, name=texts, kind=st.sampled_from(["box", "mesh"]),
        size=st.tuples(numbers, numbers, numbers), colour=st.tuples(numbers, numbers, numbers, numbers),
        link=st.integers(WORLD, len(links) - 1), pose=st.tuples(*[numbers] * 7),
        mesh=st.none() | st.integers(0, len(meshes) - 1) if meshes else st.none(),
    )  # fmt: skip
    return Scene(tuple(links), tuple(draw(st.lists(geom, max_size=3))), meshes)


@st.composite
def replays(draw: st.DrawFn) -> Replay:
    floats, steps = draw(bits()), draw(st.integers(1, 6))
    scene = draw(scenes(floats))
    summary = EpisodeSummary(
        score=draw(st.floats(allow_nan=False, allow_infinity=False)),
        success=draw(st.booleans()),
        length=steps,
        end=draw(st.sampled_from(EpisodeEnd)),
        total_reward=draw(numbers),
        components={},
    )
    sizes = draw(st.dictionaries(identifiers, st.integers(0, 3), max_size=3))
    return Replay(
        environment=draw(texts), reference=draw(texts), seed=draw(st.integers(0, 2**31 - 1)), dt=draw(st.floats(1e-4, 1)),
        summary=summary, scene=scene, links=floats(steps + 1, len(scene.links), 7), rewards=floats(steps),
        components={name: floats(steps) for name in draw(st.sets(identifiers, max_size=3))},
        variables={name: floats(steps + 1, size) if size else floats(steps + 1) for name, size in sizes.items()},
    )  # fmt: skip


def same(one: object, other: object) -> None:
    """Equal values of equal types, arrays bit for bit."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    elif isinstance(one, Replay | Scene | Mesh):
        for field in fields(one):
            same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, dict) and isinstance(other, dict):
        assert list(one) == list(other)
        for name, value in one.items():
            same(value, other[name])
    elif isinstance(one, tuple) and isinstance(other, tuple):
        assert len(one) == len(other)
        for mine, theirs in zip(one, other, strict=True):
            same(mine, theirs)
    else:
        assert one == other


@settings(derandomize=True, deadline=None, max_examples=30)
@given(replays())
def test_a_replay_is_read_back_bit_for_bit(replay: Replay) -> None:
    data = replay_bytes(replay)
    same(load_replay(data), replay)
    assert replay_bytes(load_replay(data)) == data


def small(links: int = 2, steps: int = 3) -> Replay:
    geoms = tuple(Geom("torso", "", "box", (1, 1, 1), (1, 0, 0, 1), i, (0, 0, 0, 1, 0, 0, 0)) for i in range(links))
    return Replay(
        environment="Hopper-v5", reference="Hopper-v5", seed=3, dt=0.008,
        summary=EpisodeSummary(
            score=1.5, success=True, length=steps, end=EpisodeEnd.TRUNCATED, total_reward=2.0, components={}
        ),
        scene=Scene(tuple(f"link {i}" for i in range(links)), geoms, ()),
        links=np.arange((steps + 1) * links * 7, dtype=np.float32).reshape(steps + 1, links, 7),
        rewards=np.ones(steps, np.float32), components={}, variables={"height": np.ones(steps + 1, np.float32)},
    )  # fmt: skip


def test_a_viewer_reads_the_poses_where_they_lie_without_any_library() -> None:
    replay = small()
    data = replay_bytes(replay)
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    start, stop = header["links"]["data_offsets"]
    # a browser's Float32Array begins at multiples of 4 bytes
    assert (8 + length + start) % 4 == 0
    poses = np.frombuffer(data[8 + length + start : 8 + length + stop], "<f4").reshape(header["links"]["shape"])
    np.testing.assert_array_equal(poses, replay.links)
    told = json.loads(header["__metadata__"]["replay"])
    assert (told["format"], told["summary"]["score"], told["links"]) == (
        "rewardsmith-replay-1",
        1.5,
        ["link 0", "link 1"],
    )


def test_sixty_geoms_on_thirty_links_over_a_thousand_frames_are_under_a_megabyte() -> None:
    replay = small(links=30, steps=999)
    twice = replace(replay.scene, geoms=replay.scene.geoms * 2)
    replay = replace(replay, scene=twice)
    assert replay.poses.shape == (1000, 60, 7)
    # 30 links of 28 bytes in 1,000 frames are 840,000 bytes
    assert 840_000 < len(replay_bytes(replay)) < 1_000_000


@pytest.mark.parametrize("data", [b"", b"\x00" * 8, b"\xff" * 40, save({"links": np.zeros(3, np.float32)})])
def test_what_is_no_replay_is_refused_with_what_was_expected(data: bytes) -> None:
    with pytest.raises(
        ReplayUnreadable, match=f"expected a replay of format rewardsmith-replay-1, got {len(data)} other"
    ):
        load_replay(data)


def test_a_replay_of_another_format_is_refused_with_both() -> None:
    later = replay_bytes(small()).replace(b"rewardsmith-replay-1", b"rewardsmith-replay-9")
    with pytest.raises(ReplayUnreadable, match=r"expected .*replay-1, got 'rewardsmith-replay-9'"):
        load_replay(later)


def test_a_replay_that_was_cut_short_is_refused() -> None:
    with pytest.raises(ReplayUnreadable):
        load_replay(replay_bytes(small())[:-1])
