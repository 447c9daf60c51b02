"""The types that cross borders: one definition for API, CLI, jobs and events. Tables stay inside `service.store`."""

from service.schema.access import NewToken, Scope, Token
from service.schema.baseline import (
    Baseline,
    BaselineKind,
    BaselinePoint,
    BaselineReward,
    BaselineSummary,
    BaselineTraining,
)
from service.schema.census import Census, DailySpending, Measure, Tally
from service.schema.estimate import (
    BudgetKind,
    BudgetReached,
    DesignEstimate,
    Estimate,
    MeasuredCompletions,
    MeasuredPace,
    TrainingEstimate,
)
from service.schema.health import Check, OrchestratorPresence, RayState, Readiness
from service.schema.lineage import Difference, Lineage, Node
from service.schema.people import Contribution, Feedback, Order, OwnReward, Preference, Words
from service.schema.problem import ProblemRead
from service.schema.run import (
    Candidate,
    CandidateState,
    Completion,
    CompletionState,
    ComponentVerdict,
    Event,
    EventKind,
    Fault,
    Finding,
    Iteration,
    IterationState,
    Message,
    Moment,
    Run,
    RunList,
    RunRecord,
    RunState,
    RunSummary,
    Severity,
    Spending,
    Usage,
    Verdict,
)
from service.schema.search import (
    OFFLINE,
    OFFLINE_DESIGNERS,
    OFFLINE_RANDOM,
    Budget,
    Extension,
    Fitness,
    HalvingConfig,
    PolicyOf,
    PPOConfig,
    RewardKind,
    RunRequest,
    SearchConfig,
    Seed,
    TrainingConfig,
)
from service.schema.training import (
    Comparison,
    ComponentSummary,
    CurvePoint,
    EpisodeEnd,
    EpisodeSummary,
    Interval,
    RewardComparison,
    Training,
    TrainingResult,
    TrainingState,
)

__all__ = [
    "OFFLINE", "OFFLINE_DESIGNERS", "OFFLINE_RANDOM", "Baseline", "BaselineKind", "BaselinePoint", "BaselineReward",
    "BaselineSummary", "BaselineTraining", "Budget", "BudgetKind", "BudgetReached", "Candidate", "CandidateState",
    "Census", "Check", "Comparison", "Completion", "CompletionState", "ComponentSummary", "ComponentVerdict",
    "Contribution", "CurvePoint", "DailySpending",
    "DesignEstimate", "Difference", "EpisodeEnd", "EpisodeSummary", "Estimate", "Event", "EventKind",
    "Extension", "Fault", "Feedback", "Finding", "Fitness", "HalvingConfig", "Interval", "Iteration", "IterationState", "Lineage",
    "Measure", "MeasuredCompletions", "MeasuredPace", "Message", "Moment", "NewToken", "Node", "OrchestratorPresence", "Order",
    "OwnReward", "PPOConfig", "PolicyOf", "Preference", "ProblemRead", "RayState", "Readiness", "RewardComparison", "RewardKind",
    "Run", "RunList", "RunRecord", "RunRequest", "RunState", "RunSummary", "Scope", "SearchConfig", "Seed", "Severity", "Spending",
    "Tally", "Token", "Training", "TrainingConfig", "TrainingEstimate", "TrainingResult", "TrainingState", "Usage", "Verdict",
    "Words",
]  # fmt: skip
