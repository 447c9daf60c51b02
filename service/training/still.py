"""A still: an environment as it begins, drawn from its reference. `python -m service.training.still ID FOLDER` makes it.

A process of its own, since it compiles a model: it writes `episode` and, where there are any, `meshes/DIGEST` into the folder. It
ends with 3, and the reason on its standard output, where there is nothing to draw it from here.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from envs.card import EnvCard, card
from envs.engines.gymnasium import GymnasiumEngine
from envs.errors import ReferenceUnavailable
from envs.variables import Layout
from service.training.replay_file import ReplayFiles, still_files
from service.training.scene import link_poses, scene_of, state_of

SEED = 0
UNAVAILABLE = 3


def still(card: EnvCard) -> ReplayFiles:
    """The reference environment after its reset, as a replay of one frame. Raises `ReferenceUnavailable`, `CardMismatch`."""
    with closing(GymnasiumEngine(Layout(card), [SEED])) as engine:
        engine.reset()
        model, data = engine.simulation(0)
        links = link_poses(model, [state_of(model, data)])
        assert card.engine.reference is not None  # or there had been no engine
        return still_files(card.id, card.engine.reference, SEED, card.dt, scene_of(model), links)


def main(environment: str, folder: Path) -> int:
    """Writes the files; the status to end with."""
    try:
        files = still(card(environment))
    except ReferenceUnavailable as error:
        print(error)
        return UNAVAILABLE
    if files.meshes is not None:
        (folder / "meshes").mkdir()
        (folder / "meshes" / files.meshes.digest).write_bytes(files.meshes.content)
    (folder / "episode").write_bytes(files.episode)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
