"""What the figures of a reward say about it: notes for the designer, none of which rejects.

Each note says what was seen and what to do about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox.hints import printable
from sandbox.probes import STRETCH, Inputs, Moved, Probed
from sandbox.reward import RewardBatch
from sandbox.rows import shown

_DOMINANT_SHARE: Final = 0.9
_TINY_SHARE: Final = 0.01
_SATURATED_FRACTION: Final = 0.95
_LARGE, _SMALL = 1e3, 1e-3
_FLAT: Final = 1e-3
_SLOW_SECONDS: Final = 5e-6
_SUM_TOLERANCE: Final = 1e-3


@dataclass(frozen=True)
class Note:
    """One observation: `code` names its kind, `message` says what was seen and what may help."""

    code: str
    message: str


@dataclass(frozen=True)
class ComponentStatistics:
    """Figures of one component over the probed transitions.

    `share`: its part of the summed mean magnitudes of all components, 0 to 1; `saturated`: the fraction of transitions
    within a hundredth of its range from its most frequent end; `inputs`: the parameters that it moves with.
    """

    name: str
    mean: float
    std: float
    min: float
    max: float
    share: float
    saturated: float
    inputs: tuple[str, ...] = ()


def statistics(
    batch: RewardBatch, moves: Mapping[str, Moved]
) -> tuple[ComponentStatistics, tuple[ComponentStatistics, ...]]:
    """Figures of the total (share 1) and of each component; arrays float32 (B,), `moves` as in `Probed`."""
    magnitudes = {name: float(np.mean(np.abs(array), dtype=np.float64)) for name, array in batch.components.items()}
    sum_of_all = sum(magnitudes.values())
    components = tuple(
        _figures(
            name,
            array,
            magnitudes[name] / sum_of_all if sum_of_all else 0.0,
            tuple(parameter for parameter, moved in moves.items() if name in moved.components),
        )
        for name, array in batch.components.items()
    )
    movers = tuple(parameter for parameter, moved in moves.items() if moved.total)
    return _figures("total", batch.total, 1.0, movers), components


def _figures(name: str, values: NDArray[np.float32], share: float, inputs: tuple[str, ...]) -> ComponentStatistics:
    low, high = float(values.min()), float(values.max())
    margin = 0.01 * (high - low)
    ends = (float(np.mean(values <= low + margin)), float(np.mean(values >= high - margin)))
    mean, std = float(np.mean(values, dtype=np.float64)), float(np.std(values, dtype=np.float64))
    return ComponentStatistics(name, mean, std, low, high, share, max(ends), inputs)


def findings(
    probed: Probed,
    inputs: Inputs,
    total: ComponentStatistics,
    components: tuple[ComponentStatistics, ...],
) -> tuple[Note, ...]:
    """Every note on a reward that ran without faults; `inputs` (B,) or (B, n) float32 are what it was probed on."""
    notes = _total_notes(total)
    for component in components:
        notes += _component_notes(component, len(components), probed.batch)
    notes += _sum_notes(probed.batch, inputs)
    notes += [_ignored(name, probed.moves[name], inputs[name]) for name in inputs if not probed.moves[name].total]
    if probed.fragile is not None:
        message = f"with inputs {STRETCH:g} times as far out as recorded, where training may lead: {printable(probed.fragile)}"
        notes.append(Note("fragile", message))
    each = probed.seconds / len(probed.batch.total)
    if each > _SLOW_SECONDS:
        message = f"{each * 1e6:.1f} µs per transition, expected less than {_SLOW_SECONDS * 1e6:g}"
        notes.append(Note("slow", f"{message}: replace loops over rows by array expressions"))
    return tuple(notes)


def _total_notes(total: ComponentStatistics) -> list[Note]:
    if total.min == total.max:
        message = f"the total is {total.mean:g} for every transition: nothing can be learned from it"
        return [Note("constant.total", f"{message}; let it depend on what the task changes")]
    if not _SMALL <= max(abs(total.mean), total.std) <= _LARGE:
        message = f"the total has mean {total.mean:.3g} and deviation {total.std:.3g}"
        return [Note("scale", f"{message}: bring it near 1 by one factor for all components")]
    if total.std < _FLAT * abs(total.mean):
        message = f"the total hardly moves: deviation {total.std:.3g} about a mean of {total.mean:.3g}"
        return [Note("flat", f"{message}; take away from what is constant in it, or weigh the rest more")]
    return []


def _component_notes(component: ComponentStatistics, count: int, batch: RewardBatch) -> list[Note]:
    name, mean = component.name, component.mean
    if name in batch.broadcast:
        message = f"'{name}' is one number ({mean:g}) spread over all transitions"
        return [
            Note("broadcast", f"{message}: it tells no two of them apart; leave it out unless it pays for living on")
        ]
    if component.min == component.max:
        message = f"'{name}' is {mean:g} for every transition, whatever its inputs"
        return [Note("constant", f"{message}: put thresholds and temperatures where the inputs are, or leave it out")]
    notes = []
    if count > 1 and component.share > _DOMINANT_SHARE:
        message = f"'{name}' makes up {component.share:.0%} of the components' magnitude: the others are not heard"
        notes.append(Note("dominant", f"{message}; weigh it less"))
    if count > 1 and component.share < _TINY_SHARE:
        message = f"'{name}' makes up {component.share:.2%} of the components' magnitude"
        notes.append(Note("tiny", f"{message}: weigh it more or leave it out"))
    if component.saturated > _SATURATED_FRACTION:
        range_ = f"[{component.min:.3g}, {component.max:.3g}]"
        message = f"'{name}' stands at an end of its range {range_} in {component.saturated:.0%} of transitions"
        notes.append(Note("saturated", f"{message}: widen its temperature or bounds"))
    return notes


def _sum_notes(batch: RewardBatch, inputs: Inputs) -> list[Note]:
    """Shares are of components as they enter the total: where they do not add up to it, they say nothing."""
    columns = np.stack(list(batch.components.values())).astype(np.float64)
    total, added = batch.total.astype(np.float64), columns.sum(axis=0)
    apart = np.abs(total - added) > _SUM_TOLERANCE * (np.abs(total) + np.abs(columns).sum(axis=0))
    if not apart.any():
        return []
    row = int(np.argmax(np.abs(total - added)))
    message = (
        f"the components do not add up to the total: their sum is {added[row]:.4g}, the total {total[row]:.4g} in "
        f"{shown(inputs, row)}; return each with its weight, as it enters the total"
    )
    return [Note("sum", message)]


def _ignored(name: str, moved: Moved, values: NDArray[np.float32]) -> Note:
    range_ = f"{name} (here {float(values.min()):.3g} to {float(values.max()):.3g})"
    if moved.components:
        parts = ", ".join(f"'{part}'" for part in sorted(moved.components))
        message = (
            f"the total does not move with {range_} though {parts} does: add {parts} to the total, or leave it out"
        )
        return Note("ignored", message)
    return Note("ignored", f"nothing moves with {range_}: drop it, or put its thresholds where its values are")
