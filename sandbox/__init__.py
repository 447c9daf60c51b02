"""Checks and runs reward code that nobody trusts: a syntax allowlist, then a confined process for each reward."""

from sandbox.errors import (
    Fault,
    RewardFault,
    RewardKilled,
    RewardMisshapen,
    RewardRaised,
    RewardRejected,
    RewardTimeout,
    SandboxError,
    SandboxFault,
)
from sandbox.findings import ComponentStatistics, Note
from sandbox.policy import CheckedReward, check_metric, check_reward, check_step_expression
from sandbox.reward import Limits, MetricValue, RewardBatch, SandboxedMetric, SandboxedReward
from sandbox.selfcheck import SelfCheck, self_check
from sandbox.validate import Verdict, validate
from sandbox.zygote import Zygote, zygote

__all__ = [
    "CheckedReward",
    "ComponentStatistics",
    "Fault",
    "Limits",
    "MetricValue",
    "Note",
    "RewardBatch",
    "RewardFault",
    "RewardKilled",
    "RewardMisshapen",
    "RewardRaised",
    "RewardRejected",
    "RewardTimeout",
    "SandboxError",
    "SandboxFault",
    "SandboxedMetric",
    "SandboxedReward",
    "SelfCheck",
    "Verdict",
    "Zygote",
    "check_metric",
    "check_reward",
    "check_step_expression",
    "self_check",
    "validate",
    "zygote",
]
