"""What models write most where they slip, and that the refusal alone says what to write instead."""

import pytest

from sandbox import RewardRejected, check_reward

KNOWN = {"speed": 0, "height": 0, "time": 0, "action": 3}

SLIPS = {
    "a misspelt variable": ("r = sped", "did you mean speed"),
    "a variable not asked for": ("r = height", "add it to the parameters of compute_reward"),
    "a misspelt function": ("r = np.sqare(speed)", "near: np.square"),
    "a misspelt function of linalg": ("r = np.linalg.nrom(action, axis=-1)", "near: np.linalg.norm"),
    "a function of torch": ("r = torch.exp(speed)", "only NumPy is there"),
    "a method of a tensor": ("r = speed.exp()", "write np.exp(x)"),
    "a clamp": ("r = speed.clamp(0, 1)", "write np.clip(x, low, high)"),
    "a power": ("r = speed.pow(2)", "write x ** 2"),
    "a norm": ("r = action.norm(dim=-1)", "write np.linalg.norm(x, axis=-1)"),
    "a device": ("r = speed.to('cpu')", "NumPy arrays already; leave it out"),
    "a function of another library": ("r = np.sigmoid(speed)", "write 1.0 / (1.0 + np.exp(-x))"),
    "a function of jax": ("r = jnp.tanh(speed)", "only NumPy is there: write np."),
    "an import of scipy": ("from scipy.special import expit; r = expit(speed)", "write 1.0 / (1.0 + np.exp(-x))"),
    "an import of torch": ("import torch", "only numpy, math and typing may be imported"),
    "a bare function": ("r = sqrt(speed)", "write np.sqrt"),
    "the environment": ("r = env.data.qpos[0]", "name the variables you need as parameters"),
    "the object": ("r = self.target", "a plain function"),
    "an observation": ("r = obs[:, 0]", "instead of indexing an observation"),
    "the end of the episode": ("r = -10 * done", "name terminated as a parameter"),
    "a reward before it is there": ("r = reward + 1", "reward = 0.0"),
    "printing": ("print(speed)", "return what you want to see as a component"),
    "a handler": ("try: r = 1\n    except ValueError: r = 0", "np.maximum(x, 1e-6)"),
    "an endless loop": ("while speed[0] > 1: break", "for i in range(n)"),
    "a class": ("class Weights: speed = 1.0", "functions and constants instead of a class"),
    "an exception": ("raise ValueError('x')", "return a finite number instead"),
    "noise": ("r = np.random.normal(size=3)", "leave randomness out"),
    "a test of a type": ("r = isinstance(speed, np.ndarray)", "leave isinstance out"),
    "text": ("r = 'x_{}'.format(1)", "write an f-string"),
    "the first of many": ("r = next(iter([speed]))", "list(parts.values())[0]"),
    "an old name of NumPy": ("r = np.trapz(action, axis=-1)", "write np.trapezoid"),
    "a column": ("r = np.c_[action, action]", "write np.stack([a, b], axis=-1)"),
    "an angle": ("r = np.angle(speed)", "np.arctan2(np.sin(x), np.cos(x))"),
    "no result": ("return", "write return total, {'name': array, …}"),
    "a total alone": ("return 2 * speed", "write return total, {'name': array, …}"),
    "components alone": ("return {'s': speed}", "write return total, {'name': array, …}"),
    "three results": ("return speed, False, {'s': speed}", "write return total, {'name': array, …}"),
}


@pytest.mark.parametrize(("line", "instead"), SLIPS.values(), ids=SLIPS.keys())
def test_the_refusal_says_what_to_write_instead(line: str, instead: str) -> None:
    source = f"def compute_reward(speed, time, action):\n    {line}\n    return speed, {{'s': speed}}\n"

    with pytest.raises(RewardRejected) as caught:
        check_reward(source, KNOWN)

    assert instead in str(caught.value)
