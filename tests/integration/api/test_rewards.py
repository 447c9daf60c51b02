from concurrent.futures import ThreadPoolExecutor

import httpx

GOOD = """def compute_reward(forward_velocity, action):
    effort = -0.01 * np.sum(np.square(action), axis=-1)
    return forward_velocity + effort, {"progress": forward_velocity, "effort": effort}
"""


def validate(client: httpx.Client, source: str, environment: str = "Hopper-v5") -> httpx.Response:
    return client.post("/rewards/validate", json={"environment": environment, "source": source})


def test_a_good_reward_is_accepted_with_the_figures_of_its_components(client: httpx.Client) -> None:
    verdict = validate(client, GOOD).json()
    assert verdict["accepted"]
    assert set(verdict["components"]) == {"progress", "effort"}
    assert verdict["components"]["progress"]["inputs"] == ["forward_velocity"]
    assert verdict["total"]["inputs"] == ["forward_velocity", "action"]
    assert verdict["transitions"] == 4096


def test_a_faulty_reward_is_rejected_with_every_fault_and_its_place(client: httpx.Client) -> None:
    verdict = validate(
        client, "import os\n" + GOOD.replace("forward_velocity, action", "forward_velocty, action")
    ).json()
    assert not verdict["accepted"]
    assert {fault["line"] for fault in verdict["faults"]} >= {1, 2}


def test_a_hostile_reward_is_a_verdict_and_no_error(client: httpx.Client) -> None:
    for source in (
        "\x00",
        "def compute_reward(time): return open('/etc/passwd').read()",
        "(" * 5000,
        "while True: pass",
    ):
        answer = validate(client, source)
        assert (answer.status_code, answer.json()["accepted"]) == (200, False)


def test_an_unknown_environment_is_refused_with_the_nearest(client: httpx.Client) -> None:
    answer = validate(client, GOOD, environment="Hoper-v5")
    assert answer.status_code == 422
    assert "Hopper-v5" in answer.json()["errors"][0]["message"]


def test_however_many_rewards_are_checked_others_are_answered(client: httpx.Client) -> None:
    with ThreadPoolExecutor(48) as people:  # the server has 40 threads for all that it does
        checks = [people.submit(validate, client, GOOD, "Walker2d-v5") for _ in range(48)]
        assert client.get("/runs").status_code == 200
        assert sum(check.done() for check in checks) < 5
    assert all(check.result().json()["accepted"] for check in checks)
