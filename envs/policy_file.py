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
    """For which environment and observation a policy was made, and the file's metadata as it stands.

    `tensors`: their names; `observation_size`: how much the policy sees; `layer_sizes`: outputs of each layer, actions last.
    """

    environment: str
    observation: tuple[str, ...]
    tensors: frozenset[str]
    observation_size: int
    layer_sizes: tuple[int, ...]
    metadata: Mapping[str, str]

    def check(self, layout: Layout, mend: str) -> None:
        """Raises `CardMismatch`, naming both sides and how to `mend` it, unless the policy sees and moves what the card says."""
        card = layout.card
        found = (self.environment, list(self.observation), self.observation_size, self.layer_sizes[-1])
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
        if described["format"] != FORMAT:
            raise PolicyInvalid(f"expected a policy file of format {FORMAT}, got {described['format']}")
        layers = sum(name.startswith("policy.") and name.endswith(".bias") for name in header)
        return PolicyHeader(
            environment=described["environment"],
            observation=tuple(described["observation"]),
            tensors=frozenset(header),
            observation_size=header["observation.mean"]["shape"][0],
            layer_sizes=tuple(header[f"policy.{i}.bias"]["shape"][0] for i in range(max(layers, 1))),
            metadata=metadata,
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise PolicyInvalid(f"expected a policy file of format {FORMAT}, got {len(policy)} other bytes") from error
