"""The words reward code may use: functions of NumPy and `math`, builtins, methods, and advice for what is refused.

Each dotted path is bound to a plain name in the checked tree, so the code never holds a module object. To be listed, a
function must be pure and numeric: no files, no imports, no raw memory, no state that outlives the call.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _paths(module: str, names: str) -> frozenset[str]:
    return frozenset(f"{module}.{name}" for name in _words(names))


_NUMPY: Final = _paths(
    "np",
    """
    abs absolute add all allclose any append apply_along_axis arange arccos arccosh arcsin arcsinh arctan arctan2 arctanh
    acos acosh asin asinh atan atan2 atanh concat pow permute_dims matrix_transpose vecdot
    argmax argmin argpartition argsort argwhere around array array_equal array_split asarray ascontiguousarray astype
    atleast_1d atleast_2d atleast_3d average bincount bitwise_and bitwise_not bitwise_or bitwise_xor bool bool_
    broadcast_arrays broadcast_to cbrt ceil choose clip column_stack compress concatenate convolve copy copysign copyto corrcoef cos
    cosh count_nonzero cov cross cumprod cumsum cumulative_prod cumulative_sum deg2rad degrees diag diagonal diff digitize
    divide divmod dot double dstack
    e ediff1d einsum empty empty_like equal errstate euler_gamma exp exp2 expand_dims expm1 extract eye fabs fill_diagonal
    finfo flatnonzero flip fliplr flipud float16 float32 float64 float_power floor floor_divide fmax fmin fmod frexp full
    full_like gcd geomspace gradient greater greater_equal heaviside hsplit hstack hypot identity iinfo inf inner insert
    int8 int16 int32 int64 int_ interp intersect1d intp invert isclose isfinite isin isinf isnan isneginf isposinf isscalar
    kron ldexp less less_equal linspace log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor
    logspace matmul matvec max maximum mean median meshgrid min minimum mod modf moveaxis multiply nan nan_to_num
    nanargmax nanargmin nancumsum nanmax nanmean nanmedian nanmin nanpercentile nanprod nanquantile nanstd nansum nanvar
    ndim negative newaxis nextafter nonzero not_equal ones ones_like outer pad partition percentile pi piecewise place
    polyfit polyval positive power prod ptp put_along_axis quantile rad2deg radians ravel real reciprocal remainder repeat
    reshape rint roll rollaxis rot90 round searchsorted select setdiff1d shape sign signbit sin sinc single sinh size sort split
    spacing sqrt square squeeze stack std subtract sum swapaxes take take_along_axis tan tanh tensordot tile trace
    transpose trapezoid tri tril tril_indices triu triu_indices true_divide trunc uint8 uint16 uint32 uint64 union1d unique
    unwrap vander var vdot vsplit vstack where zeros zeros_like
    """,
)
_LINALG: Final = _paths(
    "np.linalg",
    """
    cond cross det eigh eigvalsh inv lstsq matmul matrix_norm matrix_power multi_dot norm outer pinv slogdet solve svd
    tensordot trace vecdot vector_norm
    """,
)
_REDUCTIONS: Final = frozenset(
    f"np.{ufunc}.{method}"
    for ufunc in ("add", "multiply", "maximum", "minimum", "logical_and", "logical_or", "fmax", "fmin")
    for method in ("reduce", "accumulate")
)
_MATH: Final = _paths(
    "math",
    """
    acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp exp2 expm1 fabs
    factorial floor fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt lcm ldexp lgamma log log10
    log1p log2 modf nan nextafter perm pi pow prod radians remainder sin sinh sqrt tan tanh tau trunc ulp
    """,
)

PATHS: Final = _NUMPY | _LINALG | _REDUCTIONS | _MATH
"""Every dotted path of NumPy and `math` that code may use."""

STAND_INS: Final = {"np.empty": "np.zeros", "np.empty_like": "np.zeros_like"}
"""Paths bound to another function: uninitialised memory would make the same inputs give different outputs."""

METHODS: Final = {"astype": ".astype"}
"""Methods that are bound to a function of ours wherever they stand, and the path of that function: `_.astype(d)`."""

MODULES: Final = {"numpy": "np", "numpy.linalg": "np.linalg", "math": "math"}
"""Modules that may be imported, and the prefix of their paths."""

TYPE_MODULES: Final = frozenset({"typing", "numpy.typing", "collections.abc", "__future__"})
"""Modules whose names may stand in type hints only."""

TYPE_PATHS: Final = frozenset({"np.ndarray", "np.floating", "np.number", "np.integer"})
"""Paths that may stand in type hints only."""

BUILTINS: Final = _words(
    """
    abs all any bool dict divmod enumerate filter float frozenset int isinstance len list map max min pow range reversed
    round set slice sorted str sum tuple zip
    """
)
"""Builtins that code may use."""

_OF_ARRAYS: Final = """
    T all any argmax argmin argsort astype clip conj copy cumprod cumsum diagonal dot dtype fill flatten imag is_integer
    item mT max mean min ndim nonzero prod ravel real repeat reshape round searchsorted shape size sort squeeze std sum
    swapaxes take tolist trace transpose var
"""
_OF_NUMBER_TYPES: Final = "eps max min resolution smallest_normal tiny"
_OF_COLLECTIONS: Final = """
    add append clear copy count discard extend get index insert intersection items join keys lower pop popitem remove
    replace reverse setdefault split startswith endswith strip union update upper values
"""
ATTRIBUTES: Final = _words(_OF_ARRAYS) | _words(_OF_NUMBER_TYPES) | _words(_OF_COLLECTIONS)
"""Attributes and methods that code may reach on any value."""

PATH_ADVICE: Final = {
    "np.random": "a reward must give the same output for the same input; leave randomness out",
    "np.vectorize": "it is a Python loop over the rows; write an array expression, or np.where for a choice",
    "np.frompyfunc": "it is a Python loop over the rows; write an array expression, or np.where for a choice",
    "np.nditer": "write an array expression instead of a loop over elements",
    "np.seterr": "floating-point warnings are already off; leave it out",
    "np.warnings": "floating-point warnings are already off; leave it out",
    "np.c_": "write np.stack([a, b], axis=-1)",
    "np.r_": "write np.concatenate([a, b], axis=-1)",
    "np.angle": "an angle is wrapped by np.arctan2(np.sin(x), np.cos(x))",
    "np.sigmoid": "write 1.0 / (1.0 + np.exp(-x))",
    "np.softmax": "write e = np.exp(x - np.max(x, axis=-1, keepdims=True)) and e / np.sum(e, axis=-1, keepdims=True)",
    "np.relu": "write np.maximum(x, 0.0)",
    "np.clamp": "write np.clip(x, low, high)",
    "np.norm": "write np.linalg.norm(x, axis=-1)",
    "np.cat": "write np.concatenate([a, b], axis=-1)",
    "np.tensor": "write np.array(x)",
    "np.matrix": "write np.array(x)",
    "np.polynomial": "write np.polyval(coefficients, x)",
    "np.math": "write math.pi, math.sqrt(2.0) and so on, without np.",
    "np.in1d": "write np.isin",
    "np.alltrue": "write np.all",
    "np.sometrue": "write np.any",
    "np.round_": "write np.round",
    "np.asfarray": "write np.asarray(x, dtype=np.float32)",
    "np.float_": "write np.float64",
    "np.bool8": "write np.bool_",
    "np.set_printoptions": "a reward cannot print; leave it out",
    "np.float": "write float or np.float64",
    "np.int": "write int or np.int64",
    "np.infty": "write np.inf",
    "np.Inf": "write np.inf",
    "np.NaN": "write np.nan",
    "np.trapz": "write np.trapezoid",
    "np.product": "write np.prod",
    "np.row_stack": "write np.vstack",
    "np.load": "a reward reads no files; put constants into the code",
    "np.loadtxt": "a reward reads no files; put constants into the code",
    "np.save": "a reward writes no files; return components instead",
    "np.fft": "a reward sees one transition per row, not a signal; compute from the variables of one step",
    "np.ma": "write np.where(mask, a, b)",
    "np.ndarray": "it may stand in type hints only; make arrays with np.zeros or np.full, and leave isinstance out: every "
    "input is a float32 array",
}

NAME_ADVICE: Final = {
    "print": "a reward cannot print; return what you want to see as a component",
    "open": "a reward reads no files; put constants into the code",
    "eval": "write the expression itself",
    "exec": "write the statements themselves",
    "getattr": "write the attribute itself, as in x.shape",
    "setattr": "assign to a local variable instead",
    "hasattr": "the inputs are always float32 arrays; no test is needed",
    "type": "the inputs are always float32 arrays; no test is needed",
    "repr": "write an f-string",
    "next": "write the element itself, as in list(parts.values())[0]",
    "iter": "write for x in parts, or list(parts)",
    "callable": "call the function, or leave the test out",
    "torch": "only NumPy is there: torch.clamp is np.clip, torch.norm is np.linalg.norm, dim= is axis=",
    "jnp": "only NumPy is there: write np.",
    "jax": "only NumPy is there: write np.",
    "tf": "only NumPy is there: write np.",
    "nn": "only NumPy is there: write np.",
    "F": "only NumPy is there: F.relu(x) is np.maximum(x, 0.0), F.sigmoid(x) is 1.0 / (1.0 + np.exp(-x))",
    "Tensor": "only NumPy is there: write np.array(x)",
    "scipy": "only NumPy is there: write out the formula with np.",
    "expit": "write 1.0 / (1.0 + np.exp(-x))",
    "Rotation": "write out the formula, with the quaternion's numbers as q[:, 0] to q[:, 3]",
    "partial": "write lambda x: f(x, 2.0)",
    "reduce": "write sum(parts), or np.minimum.reduce(parts)",
    "defaultdict": "write {} and parts.setdefault(name, 0.0)",
    "dataclass": "write a dict of constants",
    "norm": "write np.linalg.norm(x, axis=-1)",
    "pi": "write np.pi",
    **{
        name: f"write np.{name}"
        for name in ("exp", "sqrt", "square", "sin", "cos", "tanh", "log", "clip", "where", "array")
    },
    "random": "a reward must give the same output for the same input; leave randomness out",
    "self": "a reward is a plain function: what it needs are its parameters",
    "env": "the environment is out of reach: name the variables you need as parameters",
    "obs": "name the variables you need as parameters instead of indexing an observation",
    "info": "name the variables you need as parameters",
    **dict.fromkeys(
        ("state", "next_state", "next_obs", "observation", "qpos", "qvel", "data", "model", "sim", "physics", "mujoco"),
        "the environment is out of reach: name the variables you need as parameters",
    ),
    "reward": "give it a value before you use it, as in reward = 0.0",
    "done": "name terminated as a parameter: 1.0 where the episode ended in this step",
}

METHOD_ADVICE: Final = {
    **{
        name: f"write np.{name}(x)"
        for name in _words(
            "abs ceil cos exp expm1 floor log log1p nan_to_num sign sin sqrt square tan tanh where zeros_like"
        )
    },
    **dict.fromkeys(
        ("numpy", "detach", "cpu", "cuda", "to", "device", "requires_grad"),
        "the inputs are NumPy arrays already; leave it out",
    ),
    **dict.fromkeys(
        ("data", "qpos", "qvel", "sim", "physics", "model", "unwrapped", "get_body_com", "sensordata"),
        "the environment is out of reach: name the variables you need as parameters",
    ),
    **dict.fromkeys(("float", "half", "double"), "write x.astype(np.float32)"),
    **dict.fromkeys(("int", "long"), "write x.astype(np.int64)"),
    "bool": "write x.astype(bool)",
    "format": "write an f-string",
    "ptp": "write np.max(x, axis=-1) - np.min(x, axis=-1)",
    "norm": "write np.linalg.norm(x, axis=-1)",
    "pow": "write x ** 2",
    "view": "write x.reshape(...), or x.astype(np.float32) for another type",
    "sigmoid": "write 1.0 / (1.0 + np.exp(-x))",
    "relu": "write np.maximum(x, 0.0)",
    "unsqueeze": "write x[:, None]",
    "expand": "write np.broadcast_to(x, shape)",
    "permute": "write np.transpose(x, axes)",
    "numel": "write x.size",
    "dim": "write x.ndim",
    "clamp": "write np.clip(x, low, high)",
    "clamp_min": "write np.maximum(x, low)",
    "clamp_max": "write np.minimum(x, high)",
    "random": "a reward must give the same output for the same input; leave randomness out",
}

STATEMENT_ADVICE: Final = {
    "While": "a while loop may never end; write for i in range(n) with a small n, or an array expression",
    "Try": "nothing here needs try; avoid the error itself, as with np.maximum(x, 1e-6) or np.where",
    "TryStar": "nothing here needs try; avoid the error itself, as with np.maximum(x, 1e-6) or np.where",
    "Raise": "a reward must answer for every input; return a finite number instead",
    "ClassDef": "write functions and constants instead of a class",
    "Global": "a reward keeps nothing between calls; pass values as arguments and return them",
    "Nonlocal": "pass values as arguments and return them",
    "AsyncFunctionDef": "write def compute_reward without async",
    "AsyncFor": "write a plain for",
    "AsyncWith": "write plain statements",
    "Match": "write if / elif on constants, or np.where on arrays",
    "Yield": "return (total, components) once",
    "YieldFrom": "return (total, components) once",
    "Await": "a reward is a plain function; leave await out",
    "TypeAlias": "leave type aliases out",
    "TemplateStr": "write an f-string",
}
