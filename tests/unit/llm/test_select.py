"""Names of designers."""

from __future__ import annotations

from service.llm.client import LiteLLMDesigner
from service.llm.offline import OfflineDesigner
from service.llm.select import make_designer


def test_offline_designers_go_by_name_and_anything_else_is_a_model() -> None:
    assert make_designer("offline", 1.0) == OfflineDesigner()
    assert make_designer("offline-random", 1.0) == OfflineDesigner(explore_only=True)
    model = make_designer("openai/some-model", 0.5, "http://localhost:1/v1", 30.0, 2)
    assert model == LiteLLMDesigner("openai/some-model", 0.5, "http://localhost:1/v1", 30.0, 2)
    assert model.name == "openai/some-model"


def test_a_server_of_ones_own_is_for_models_named_openai_alone() -> None:
    elsewhere = make_designer("anthropic/some-model", 1.0, "http://localhost:1/v1", 30.0, 2)
    assert elsewhere == LiteLLMDesigner("anthropic/some-model", 1.0, None, 30.0, 2)
