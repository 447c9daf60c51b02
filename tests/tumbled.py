"""An episode of sixty geoms that share no link, over a thousand frames: as much as a replay is to hold."""

from __future__ import annotations

from functools import cache

import mujoco
import numpy as np
from numpy.typing import NDArray

from service.schema import EpisodeEnd, EpisodeSummary
from service.training.replay import Replay
from service.training.scene import link_poses, scene_of, state_of

STEPS = 999
ARM = """
<body name="{i}.0" pos="{x} {y} 1.2"><freejoint/><geom type="capsule" size="0.04 0.1"/>
  <body name="{i}.1" pos="0 0 0.2"><joint axis="0 1 0"/><geom type="capsule" size="0.04 0.1"/>
    <body name="{i}.2" pos="0 0 0.2"><joint axis="1 0 0"/><geom type="box" size="0.04 0.02 0.1"/>
      <body name="{i}.3" pos="0 0 0.2"><joint axis="0 1 0"/><geom type="sphere" size="0.06"/></body>
    </body>
  </body>
</body>
"""
FIFTEEN_ARMS = "".join(ARM.format(i=i, x=i % 4, y=i // 4) for i in range(15))
OPTIONS = "<option gravity='0 0 0' integrator='implicitfast'><flag contact='disable'/></option>"
STIFF = "<default><joint armature='0.01' damping='0.01'/></default>"
PILE = f"<mujoco>{OPTIONS}{STIFF}<worldbody><geom type='plane' size='0 0 1'/>{FIFTEEN_ARMS}</worldbody></mujoco>"


def summary(length: int) -> EpisodeSummary:
    return EpisodeSummary(
        score=1.5, success=True, length=length, end=EpisodeEnd.TRUNCATED, total_reward=2.0, components={}
    )


@cache
def tumbled(drift: float = 0.0) -> tuple[Replay, NDArray[np.float64], NDArray[np.float64]]:
    """Fifteen arms of four moving geoms each, shaken for a thousand frames, and MuJoCo's positions and matrices of all geoms.

    `drift`: metres a second at which all of them go along x.
    """
    model, random = mujoco.MjModel.from_xml_string(PILE), np.random.default_rng(0)
    data = mujoco.MjData(model)
    free = model.jnt_dofadr[model.jnt_type == mujoco.mjtJoint.mjJNT_FREE]
    data.qvel[free] = drift
    states, positions, matrices = [], [], []
    for _ in range(STEPS + 1):
        data.qfrc_applied[:] = random.normal(size=model.nv) / 2
        mujoco.mj_step(model, data, 2)
        mujoco.mj_kinematics(model, data)
        states.append(state_of(model, data))
        positions.append(data.geom_xpos.copy())
        matrices.append(data.geom_xmat.copy())
    assert not data.warning[mujoco.mjtWarning.mjWARN_BADQACC].number  # or it had begun anew in the middle
    noise = random.normal(size=(STEPS + 1, 46)).astype(np.float32)
    replay = Replay(
        environment="Pile", reference="Pile-v0", seed=3, dt=0.008, summary=summary(STEPS),
        scene=scene_of(model), links=link_poses(model, states), rewards=noise[1:, 0],
        components={f"component_{i}": noise[1:, i] for i in range(16)}, variables={"all": noise[:, 16:]},
    )  # fmt: skip
    return replay, np.array(positions), np.array(matrices)
