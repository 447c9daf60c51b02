import httpx

from service.schema import CandidateState
from service.store import Writer
from tests.integration.store.test_candidates import candidate

FORWARD = "def compute_reward(v):\n    return v, {'v': v}\n"
FASTER = "def compute_reward(v):\n    return 2.0 * v, {'v': v}\n"


def trained(writer: Writer, iteration: int, slot: int, source: str, fitness: float, *parents: str) -> str:
    one = candidate(writer, iteration, slot, source, parents=parents)
    writer.add_candidate(one)
    for state in (CandidateState.QUEUED, CandidateState.TRAINING):
        writer.set_candidate_state(one.id, state)
    writer.set_candidate_state(one.id, CandidateState.TRAINED, fitness=fitness)
    return one.id


def test_the_tree_names_parents_and_the_path_to_the_best(client: httpx.Client, writer: Writer) -> None:
    weak, strong = trained(writer, 1, 0, FORWARD, 1.0), trained(writer, 1, 1, FORWARD, 2.0)
    child = trained(writer, 2, 0, FASTER, 3.0, weak, strong)
    lineage = client.get(f"/runs/{writer.claim.run_id}/lineage").json()
    assert [(one["id"], one["parents"]) for one in lineage["candidates"]] == [
        (weak, []),
        (strong, []),
        (child, [weak, strong]),
    ]
    assert lineage["best_path"] == [strong, child]  # by way of the fitter parent
    assert "source" not in lineage["candidates"][0]


def test_a_run_without_a_trained_candidate_has_no_best_path(client: httpx.Client, run_id: str) -> None:
    assert client.get(f"/runs/{run_id}/lineage").json() == {"candidates": [], "best_path": []}


def test_a_diff_says_what_changed_since_the_first_parent_and_what_it_brought(
    client: httpx.Client, writer: Writer
) -> None:
    parent = trained(writer, 1, 0, FORWARD, 1.0)
    child = trained(writer, 2, 0, FASTER, 3.5, parent)
    answer = client.get(f"/runs/{writer.claim.run_id}/candidates/{child}/diff").json()
    assert (answer["against"], answer["fitness_change"]) == (parent, 2.5)
    assert answer["diff"].splitlines() == [
        f"--- {parent}",
        f"+++ {child}",
        "@@ -1,2 +1,2 @@",
        " def compute_reward(v):",
        "-    return v, {'v': v}",
        "+    return 2.0 * v, {'v': v}",
    ]


def test_a_diff_against_any_other_candidate_of_the_run(client: httpx.Client, writer: Writer) -> None:
    one, other = trained(writer, 1, 0, FORWARD, 1.0), trained(writer, 1, 1, FORWARD, 1.0)
    answer = client.get(f"/runs/{writer.claim.run_id}/candidates/{one}/diff", params={"against": other}).json()
    assert (answer["diff"], answer["fitness_change"]) == ("", 0.0)


def test_what_cannot_be_compared_is_said(client: httpx.Client, writer: Writer) -> None:
    alone = trained(writer, 1, 0, FORWARD, 1.0)
    path = f"/runs/{writer.claim.run_id}/candidates/{alone}/diff"
    refused = client.get(path)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "against"
    assert client.get(path, params={"against": "r-nowhere-1-0"}).status_code == 404
