"""What a policy file says of itself, read without the libraries that policies are trained with.

A file is safetensors: `policy.I.weight` `[in, out]` and `policy.I.bias` `[out]` of each layer, `policy.log_std` `[A]`,
`observation.mean` and `observation.variance` `[D]`, `observation.count` `[]`, all float32, and a JSON document in its metadata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from envs.errors import CardMismatch, PolicyInvalid
from envs.variables import Layout

FORMAT = "rewardsmith-policy-1"


@dataclass(frozen=True)
class PolicyHeader:
    """For which environment and observation a policy was made, the shapes of its tensors, and the file's metadata as it stands."""

    environment: str
    observation: tuple[str, ...]
    shapes: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]

    @property
    def biases(self) -> tuple[int, ...]:
        """The size of each layer's output, actions last."""
        count = sum(name.startswith("policy.") and name.endswith(".bias") for name in self.shapes)
        return tuple(self.shapes[f"policy.{i}.bias"][0] for i in range(count))

    def check(self, layout: Layout, mend: str) -> None:
        """Raises `CardMismatch`, naming both sides and how to `mend` it, unless the policy sees and moves what the card says."""
        card = layout.card
        found = (self.environment, list(self.observation), self.shapes["observation.mean"][0], self.biases[-1])
        wanted = (card.id, list(card.policy), len(layout.policy_columns), card.action.size)
        if found != wanted:
            raise CardMismatch(
                f"{card.id}: expected a policy for (environment, observation, its size, actuators) {wanted}, got one for "
                f"{found}; {mend}"
            )


def policy_header(policy: bytes) -> PolicyHeader:
    """What the file in `policy` says of itself. Raises `PolicyInvalid` where it is no policy file, or of another format."""
    try:
        length = int.from_bytes(policy[:8], "little")
        header = json.loads(policy[8 : 8 + length])
        metadata = header.pop("__metadata__")
        described = json.loads(metadata["policy"])
        said = described["format"], described["environment"], tuple(described["observation"])
        shapes = {name: tuple(tensor["shape"]) for name, tensor in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PolicyInvalid(f"expected a policy file of format {FORMAT}, got {len(policy)} other bytes") from error
    made, environment, observation = said
    if made != FORMAT:
        raise PolicyInvalid(f"expected a policy file of format {FORMAT}, got {made}")
    return PolicyHeader(environment, observation, shapes, metadata)
