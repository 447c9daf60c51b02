"""Figures for Prometheus: of the whole deployment, read from the database at a scrape, and of the processes that answer."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from service.api.deps import CurrentMetrics
from service.api.errors import COMMON
from service.api.health import SEEN_WITHIN
from service.api.observed import REQUEST_SECONDS
from service.schema import CandidateState, Census, Measure, RayState, RunState, Tally
from service.store import Store

router = APIRouter(tags=["health"])
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable of the environment that names the folder in which the processes of one API count together."""
FRESH_SECONDS = 5.0
"""A scrape that comes sooner gets what the one before got: the database is asked no more often than this."""
Value = TypeVar("Value", bound=str)
KILLS = ("killed", "timeout")
NOTHING = Census(runs={}, oldest_queued_at=None, candidates={}, in_flight={}, orchestrators={}, tallies=())


class DeploymentCollector(Collector):
    """What all runs come to, the same from every process. Raises `StoreUnavailable`; thread-safe."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._known: tuple[float, Census] | None = None

    def describe(self) -> Iterable[Metric]:
        """Every metric, with no model and no fault known yet."""
        return families(NOTHING, datetime.now(UTC))

    def collect(self) -> Iterable[Metric]:
        """Every metric with its figures."""
        return families(self._census(), datetime.now(UTC))

    def _census(self) -> Census:
        with self._lock:
            at = self._clock()
            if self._known is None or at - self._known[0] >= FRESH_SECONDS:
                self._known = at, self._store.census(SEEN_WITHIN)
            return self._known[1]


def registry_of(store: Store) -> CollectorRegistry:
    """All metrics of a deployment, and of this process or all that count together with it."""
    registry = CollectorRegistry()
    registry.register(DeploymentCollector(store))
    if SHARED_FOLDER in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUEST_SECONDS)
    return registry


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Read the metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Metrics as Prometheus reads them.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **COMMON,
    },
)
def get_metrics(metrics: CurrentMetrics) -> Response:
    """Figures of the whole deployment from any of its processes; HTTP latencies of all processes of this API."""
    return Response(generate_latest(metrics), headers={"Content-Type": CONTENT_TYPE_LATEST})


def families(known: Census, at: datetime) -> tuple[Metric, ...]:
    """The metrics of a deployment; states that none is in are told of as well."""
    queued = known.oldest_queued_at
    waited = 0.0 if queued is None else max((at - queued).total_seconds(), 0.0)
    return (
        _gauge("runs", "Runs stored, by state.", "state", known.runs, RunState),
        GaugeMetricFamily("rewardsmith_queue_age_seconds", "How long the run has waited that waits longest.", waited),
        _gauge("candidates", "Candidates stored, by state.", "state", known.candidates, CandidateState),
        _gauge(
            "orchestrators", "Orchestrators alive, by how they stand with Ray.", "ray", known.orchestrators, RayState
        ),
        _gauge("completions_in_flight", "Completions asked for and not answered.", "model", known.in_flight),
        _counter("environment_steps", "Environment steps trained and evaluated.", (), known, Measure.ENVIRONMENT_STEPS),
        _counter("completions", "Completions that have ended, by how.", ("model", "state"), known, Measure.COMPLETIONS),
        _counter("tokens", "Tokens sent to models and received.", ("model", "kind"), known, Measure.TOKENS),
        _counter("cost_usd", "US dollars paid where the price is known.", ("model",), known, Measure.USD),
        _counter("completions_unpriced", "Completions without a known price.", ("model",), known, Measure.UNPRICED),
        _counter("reward_faults", "Rewards at fault, by kind.", ("kind",), known, Measure.REWARD_FAULTS),
        _kills(known),
    )


def _gauge(
    name: str, about: str, label: str, known: Mapping[Value, int], expected: Iterable[Value] = ()
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"rewardsmith_{name}", about, labels=(label,))
    for value in dict.fromkeys((*expected, *known)):
        family.add_metric((str(value),), known.get(value, 0))
    return family


def _counter(name: str, about: str, labels: tuple[str, ...], known: Census, measure: Measure) -> CounterMetricFamily:
    family = CounterMetricFamily(f"rewardsmith_{name}", about, labels=labels)
    for tally in _tallies(known, measure):
        family.add_metric([tally.model if label == "model" else tally.kind for label in labels], tally.value)
    return family


def _kills(known: Census) -> CounterMetricFamily:
    """Told of from the first scrape on, at 0, so that the first kill is an increase."""
    family = CounterMetricFamily("rewardsmith_sandbox_kills", "Rewards whose process was killed.", labels=("kind",))
    counted = {tally.kind: tally.value for tally in _tallies(known, Measure.REWARD_FAULTS)}
    for kind in KILLS:
        family.add_metric((kind,), counted.get(kind, 0))
    return family


def _tallies(known: Census, measure: Measure) -> tuple[Tally, ...]:
    return tuple(tally for tally in known.tallies if tally.measure is measure)
