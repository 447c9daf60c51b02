"""What a run would ask of its designer: completions, tokens and US dollars of each iteration, likely and at most."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

from envs.card import EnvCard
from service.evolution.designer import messages
from service.llm.contract import Parent, Rejected
from service.llm.prices import FREE, ModelPrice
from service.schema import OFFLINE_DESIGNERS, DesignEstimate, Fault, Fitness, MeasuredCompletions, RunRequest

CHARACTERS_PER_TOKEN: Final = 3.5
"""Of our prompts and of reward code, by the tokenizer of GPT-4.1: 3.3 to 3.7."""

ASSUMED_PER_REWARD: Final = 1.5
"""Completions for each reward where none are stored: every other one is repaired once."""


@dataclass(frozen=True)
class Assumed:
    """How long texts are of which none is stored yet, in characters: a reward, what is told of its training, a whole reply."""

    reward: int
    reflection: int
    reply: int


LIKELY: Final = Assumed(reward=1_500, reflection=1_500, reply=2_800)
MOST: Final = Assumed(reward=6_000, reflection=4_000, reply=14_000)


@dataclass(frozen=True)
class Lengths:
    """Tokens of a completion: the prompt of a proposal, of an improvement on parents and of a repair, and the reply."""

    proposal: float
    improvement: float
    repair: float
    reply: float


@dataclass(frozen=True)
class IterationDesign:
    """What one iteration asks for."""

    completions: float
    prompt_tokens: float
    completion_tokens: float


def iterations(request: RunRequest, lengths: Lengths, per_reward: float) -> list[IterationDesign]:
    """What each iteration asks for, with so many completions for each reward; seed rewards are asked of nobody."""
    designs: list[IterationDesign] = []
    for first in (True, *(False,) * (request.search.iterations - 1)):
        rewards = request.search.candidates - (len(request.seed_rewards) if first else 0)
        repairs = rewards * (per_reward - 1)
        prompts = rewards * (lengths.proposal if first else lengths.improvement) + repairs * lengths.repair
        designs.append(IterationDesign(rewards + repairs, prompts, (rewards + repairs) * lengths.reply))
    return designs


@dataclass(frozen=True)
class Design:
    """What a run would ask of its designer in each iteration; `price` None where it is unknown."""

    likely: list[IterationDesign]
    most: list[IterationDesign]
    price: ModelPrice | None
    basis: str

    def usd_at_most(self) -> list[float] | None:
        """US dollars of each iteration at most, None where the price is unknown."""
        return None if self.price is None else [_usd(one, self.price) for one in self.most]

    def estimate(self, request: RunRequest) -> DesignEstimate:
        """The sums over the run."""
        rewards = request.search.iterations * request.search.candidates - len(request.seed_rewards)
        price = self.price
        return DesignEstimate(
            completions_at_least=rewards,
            completions_likely=ceil(sum(one.completions for one in self.likely)),
            completions_at_most=ceil(sum(one.completions for one in self.most)),
            prompt_tokens_likely=ceil(sum(one.prompt_tokens for one in self.likely)),
            prompt_tokens_at_most=ceil(sum(one.prompt_tokens for one in self.most)),
            completion_tokens_likely=ceil(sum(one.completion_tokens for one in self.likely)),
            completion_tokens_at_most=ceil(sum(one.completion_tokens for one in self.most)),
            usd_likely=None if price is None else sum(_usd(one, price) for one in self.likely),
            usd_at_most=None if price is None else sum(_usd(one, price) for one in self.most),
            price=_price_in_words(price),
            basis=self.basis,
        )


def design_of(
    card: EnvCard, request: RunRequest, fitness: Fitness, measured: MeasuredCompletions | None, price: ModelPrice | None
) -> Design:
    """What a run would ask of its designer, by completions of it that are stored, else by the prompts that it would be sent."""
    allowed = 1 + request.search.repairs
    if request.designer in OFFLINE_DESIGNERS:
        nothing = Lengths(0, 0, 0, 0)
        return Design(iterations(request, nothing, 1), iterations(request, nothing, allowed), FREE, "no model is asked")
    if measured is None:
        return Design(
            iterations(request, assumed_lengths(card, request, fitness, LIKELY), min(ASSUMED_PER_REWARD, allowed)),
            iterations(request, assumed_lengths(card, request, fitness, MOST), allowed),
            price,
            f"the prompts as they would be sent, {CHARACTERS_PER_TOKEN} characters a token; no completion of this model is stored, "
            f"so replies are assumed to have {LIKELY.reply:,} characters, {MOST.reply:,} at most, and every other reward a repair",
        )
    mean, most = measured.mean_prompt_tokens, measured.most_prompt_tokens
    return Design(
        iterations(
            request, Lengths(mean, mean, mean, measured.mean_completion_tokens), min(measured.per_reward, allowed)
        ),
        iterations(request, Lengths(most, most, most, measured.most_completion_tokens), allowed),
        price,
        f"the last {measured.completions:,} stored completions of this model, {measured.per_reward:.2f} for each reward",
    )


def assumed_lengths(card: EnvCard, request: RunRequest, fitness: Fitness, assumed: Assumed) -> Lengths:
    """Tokens of the prompts as they are rendered around texts of the assumed lengths."""
    reward, reflection = "r" * assumed.reward, "t" * assumed.reflection
    parents = (Parent("r-0000000000-1-0", reward, 0.0, 0.0, (), reflection),) * request.search.parents
    rejected = Rejected(reward, (Fault(code="unknown_name", message=reflection),))

    def tokens(parents: tuple[Parent, ...] = (), rejected: Rejected | None = None) -> float:
        told = messages(card, {}, request.task, fitness, parents, rejected)
        return sum(len(message.content) for message in told) / CHARACTERS_PER_TOKEN

    return Lengths(tokens(), tokens(parents), tokens(rejected=rejected), assumed.reply / CHARACTERS_PER_TOKEN)


def _usd(design: IterationDesign, price: ModelPrice) -> float:
    return price.usd(design.prompt_tokens, design.completion_tokens)


def _price_in_words(price: ModelPrice | None) -> str:
    if price is None:
        return "unknown: litellm's table has none for this model, and a budget in US dollars cannot end the run"
    if price == FREE:
        return "nothing"
    prompt, completion = price.usd_per_prompt_token * 1e6, price.usd_per_completion_token * 1e6
    return f"{prompt:.2f} USD per million tokens of prompts, {completion:.2f} of replies, by litellm's table"
