"""The OpenAPI document promises what the routes do."""

import json
from collections.abc import Iterator

import httpx
import pytest

Operation = dict[str, object]


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, dict[str, dict[str, Operation]]]:
    return client.get("/openapi.json").json()


def operations(document: dict[str, dict[str, dict[str, Operation]]]) -> Iterator[tuple[str, str, Operation]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(
    document: dict[str, dict[str, dict[str, Operation]]],
) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) == 36
    assert all(operation.get("summary") and operation.get("description") for _, _, operation in operations(document))


def test_every_route_lies_under_the_api_and_documents_its_problems(
    document: dict[str, dict[str, dict[str, Operation]]],
) -> None:
    for path, method, operation in operations(document):
        assert path.startswith("/api/v1/")
        responses = operation["responses"]
        assert isinstance(responses, dict)
        if path.endswith(("/healthz", "/readyz")):
            continue
        expected = {"401", "403", "422", "429", "500", "503"}
        expected |= {"404"} if "{" in path else set()
        expected |= {"400", "413"} if method == "post" and "{" not in path else set()
        expected |= {"409"} if path.endswith(("/pause", "/resume", "/cancel", "/continue")) else set()
        assert expected <= set(responses), path
        for status in expected:
            assert list(responses[status]["content"]) == ["application/problem+json"]


def test_every_reference_leads_somewhere(document: dict[str, dict[str, dict[str, Operation]]]) -> None:
    def references(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known
    assert "#/components/schemas/Problem" in known
    assert json.dumps(document).count("HTTPValidationError") == 0
