"""What the figures of a reward say about it: notes for the designer, none of which rejects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox.reward import RewardBatch

_DOMINANT_SHARE: Final = 0.9
_TINY_SHARE: Final = 0.01
_SATURATED_FRACTION: Final = 0.95
_LARGE, _SMALL = 1e3, 1e-3
_SLOW_SECONDS: Final = 5e-6


@dataclass(frozen=True)
class Note:
    """One observation: `code` names its kind, `message` says what was seen and what may help."""

    code: str
    message: str


@dataclass(frozen=True)
class ComponentStatistics:
    """Figures of one component over the probed transitions.

    `share`: its part of the summed mean magnitudes of all components, 0 to 1; `saturated`: the fraction of transitions
    within a hundredth of its range from its most frequent end.
    """

    name: str
    mean: float
    std: float
    min: float
    max: float
    share: float
    saturated: float


def statistics(batch: RewardBatch) -> tuple[ComponentStatistics, tuple[ComponentStatistics, ...]]:
    """Figures of the total (share 1) and of each component; arrays float32 (B,)."""
    magnitudes = {name: float(np.mean(np.abs(array), dtype=np.float64)) for name, array in batch.components.items()}
    sum_of_all = sum(magnitudes.values())
    components = tuple(
        _figures(name, array, magnitudes[name] / sum_of_all if sum_of_all else 0.0)
        for name, array in batch.components.items()
    )
    return _figures("total", batch.total, 1.0), components


def _figures(name: str, values: NDArray[np.float32], share: float) -> ComponentStatistics:
    low, high = float(values.min()), float(values.max())
    margin = 0.01 * (high - low)
    ends = (float(np.mean(values <= low + margin)), float(np.mean(values >= high - margin)))
    mean, std = float(np.mean(values, dtype=np.float64)), float(np.std(values, dtype=np.float64))
    return ComponentStatistics(name, mean, std, low, high, share, max(ends))


def findings(
    batch: RewardBatch,
    total: ComponentStatistics,
    components: tuple[ComponentStatistics, ...],
    ignored: tuple[str, ...],
    seconds_per_transition: float,
) -> tuple[Note, ...]:
    """Every note on a reward that ran."""
    notes: list[Note] = []
    if total.min == total.max:
        notes.append(
            Note("constant.total", f"the total is {total.mean:g} for every transition: nothing can be learned from it")
        )
    elif not _SMALL <= max(abs(total.mean), total.std) <= _LARGE:
        message = f"the total has mean {total.mean:.3g} and deviation {total.std:.3g}: bring it near 1"
        notes.append(Note("scale", message))
    for component in components:
        notes += _component_notes(component, len(components), batch)
    notes += [Note("ignored", f"the total does not move with {name}: drop it or use it") for name in ignored]
    if seconds_per_transition > _SLOW_SECONDS:
        message = f"{seconds_per_transition * 1e6:.1f} µs per transition: replace loops over rows by array expressions"
        notes.append(Note("slow", message))
    return tuple(notes)


def _component_notes(component: ComponentStatistics, count: int, batch: RewardBatch) -> list[Note]:
    name = component.name
    if name in batch.broadcast:
        return [Note("broadcast", f"'{name}' is one number ({component.mean:g}) spread over all transitions")]
    if component.min == component.max:
        return [Note("constant", f"'{name}' is {component.mean:g} for every transition")]
    notes = []
    if count > 1 and component.share > _DOMINANT_SHARE:
        notes.append(Note("dominant", f"'{name}' makes up {component.share:.0%} of the components' magnitude"))
    if count > 1 and component.share < _TINY_SHARE:
        notes.append(Note("tiny", f"'{name}' makes up {component.share:.2%} of the components' magnitude"))
    if component.saturated > _SATURATED_FRACTION:
        range_ = f"[{component.min:.3g}, {component.max:.3g}]"
        message = f"'{name}' stands at an end of its range {range_} in {component.saturated:.0%} of transitions"
        notes.append(Note("saturated", f"{message}: widen its temperature or bounds"))
    return notes
