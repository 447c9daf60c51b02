"""NumPy's own ways to files, imports, code and raw memory, to its caller's settings, and to the inputs of a reward."""

from __future__ import annotations

from typing import Final

from tests.adversary.attack import BOTH, PROCESS_ALONE, Attack, Effect, Family, Layer, reward

_SPELL: Final = "return np.array([float(ord(letter)) for letter in found[:8]]), {'x': x}"
# What a NumPy function is made to evaluate.
_CODE: Final = "\"open('$FOLDER/made', 'w').close()\""


def _attack(
    name: str, effect: Effect, *lines: str, top: tuple[str, ...] = (), layers: frozenset[Layer] = BOTH
) -> Attack:
    return Attack(name, Family.NUMPY, reward(*lines, top=top), effect, layers)


_READING: Final = (
    _attack(
        "the bytes of a file as numbers",
        Effect.LEAK,
        "return np.fromfile('$FOLDER/secret', np.uint8, 8).astype(float), {'x': x}",
    ),
    _attack("a table of text", Effect.LEAK, "found = str(np.loadtxt('$FOLDER/secret', dtype=str, max_rows=1))", _SPELL),
    _attack(
        "what matches in a file",
        Effect.LEAK,
        "found = np.fromregex('$FOLDER/secret', '(s)(k[0-9a-f]+)', 'U1, U30')['f1'][0]",
        "return x, {'s' + found: x}",
    ),
    _attack(
        "a map of a file, looked at as text",
        Effect.LEAK,
        "raise ValueError(np.memmap('$FOLDER/secret', 'S26', 'r')[0].decode())",
    ),
    _attack(
        "a stored array that is unpickled",
        Effect.FILES,
        "np.load('$FOLDER/pickled.npy', allow_pickle=True)",
    ),
    _attack(
        "a file fetched over the network",
        Effect.NETWORK,
        "np.lib.npyio.DataSource('$FOLDER/private').open('http://127.0.0.1:$PORT/')",
    ),
)

_WRITING: Final = (
    _attack("the raw bytes of an array to a file", Effect.FILES, "x.tofile('$FOLDER/victim')"),
    _attack("the pickle of an array to a file", Effect.FILES, "x.dump('$FOLDER/made')"),
    _attack("an array saved with a header", Effect.FILES, "np.save('$FOLDER/made', x)"),
    _attack("an archive of arrays", Effect.FILES, "np.savez_compressed('$FOLDER/made', x=x)"),
    _attack("an array as text, compressed for its name", Effect.FILES, "np.savetxt('$FOLDER/made.gz', x)"),
    _attack(
        "a file overwritten through a map",
        Effect.FILES,
        "np.memmap('$FOLDER/victim', dtype=np.uint8, mode='r+')[:] = 66",
    ),
    _attack(
        "a stored array made by mapping it",
        Effect.FILES,
        "np.lib.format.open_memmap('$FOLDER/made', 'w+', shape=(4,))",
    ),
)

_CODE_AND_IMPORTS: Final = (
    _attack(
        "a converter of columns that evaluates them",
        Effect.FILES,
        f"np.loadtxt([{_CODE}], converters=eval, delimiter='|')",
    ),
    _attack("a ufunc made of eval", Effect.FILES, f"np.frompyfunc(eval, 1, 1)({_CODE})"),
    _attack("a test helper that runs text", Effect.FILES, f"np.testing.runstring({_CODE}, {{}})"),
    _attack("a test helper that imports a file", Effect.FILES, "np.testing.rundocs('$FOLDER/evil.py')"),
    _attack("the evaluation of Fortran constants", Effect.FILES, f"np.f2py.crackfortran.myeval({_CODE})"),
    _attack("os among the imports of NumPy's modules", Effect.FILES, "np.lib._npyio_impl.os.mkdir('$FOLDER/made')"),
    _attack(
        "the C library by way of ctypeslib",
        Effect.FILES,
        "np.ctypeslib.ctypes.CDLL(None).mkdir(b'$FOLDER/made', 511)",
    ),
    _attack(
        "a ufunc that calls a method of its operand",
        Effect.FILES,
        "class Operand:",
        "    def sqrt(self): open('$FOLDER/made', 'w').close()",
        "np.sqrt(np.array([Operand()]))",
    ),
    _attack(
        "the protocol by which a ufunc hands itself over",
        Effect.FILES,
        "class Takes:",
        "    __array_ufunc__ = staticmethod(lambda ufunc, *rest, **more: open('$FOLDER/made', 'w').close())",
        "x + Takes()",
    ),
    _attack(
        "a method of arrays that calls what it is given",
        Effect.FILES,
        "class Called:",
        "    _implementation = staticmethod(lambda path: open(path, 'w').close())",
        "x.__array_function__(Called, (np.ndarray,), ('$FOLDER/made',), {})",
    ),
    _attack(
        "an object array pickled and read back in memory",
        Effect.FILES,
        "import io, os",
        "class Reduces:",
        "    def __reduce__(self): return os.mkdir, ('$FOLDER/made',)",
        "file = io.BytesIO()",
        "np.lib.format.write_array(file, np.array([Reduces()]), allow_pickle=True)",
        "np.lib.format.read_array(io.BytesIO(file.getvalue()), allow_pickle=True)",
    ),
)

_MEMORY: Final = (
    _attack(
        "strides that reach far beyond their array",
        Effect.CALLER,
        "np.lib.stride_tricks.as_strided(x, (2,), (1 << 40,)).sum()",
    ),
    _attack(
        "an array interface over a constant's address",
        Effect.CALLER,
        "class Points:",
        "    __array_interface__ = {'version': 3, 'shape': (1,), 'typestr': '<f8', 'data': (id(math.pi) + 16, False)}",
        "np.asarray(Points())[0] = 3.0",
    ),
    _attack(
        "a pointer to an array, moved elsewhere",
        Effect.CALLER,
        "pointer = x.ctypes.data_as(np.ctypeslib.ctypes.POINTER(np.ctypeslib.ctypes.c_double))",
        "pointer[(id(math.pi) + 16 - x.ctypes.data) // 8] = 3.0",
    ),
    _attack(
        "an object array with a forged reference",
        Effect.CALLER,
        "references = np.array([None])",
        "address = references.__array_interface__['data'][0]",
        "np.ctypeslib.as_array((np.ctypeslib.ctypes.c_uint64 * 1).from_address(address))[0] = 8",
        "references.tolist()",
    ),
)

_SETTINGS: Final = (
    _attack("how the caller's errors in floating point are met", Effect.CALLER, "np.seterr(all='raise')"),
    _attack("how the caller's arrays are printed", Effect.CALLER, "np.set_printoptions(threshold=1)"),
    _attack("the caller's random numbers", Effect.CALLER, "np.random.seed(0)"),
    _attack("the caller's buffers", Effect.CALLER, "np.setbufsize(1024)"),
    _attack("another function under the name of a NumPy function", Effect.CALLER, "np.mean = np.sum"),
    _attack(
        "other code within a NumPy function",
        Effect.CALLER,
        "np.average.__wrapped__.__code__ = (lambda a, axis, weights, returned, *, keepdims: 0).__code__",
    ),
    _attack(
        "other defaults of a NumPy function", Effect.CALLER, "np.average.__wrapped__.__kwdefaults__['keepdims'] = True"
    ),
)

# The syntax layer allows writing to arrays: that the inputs are safe from it is the work of the read-only map.
_INPUTS: Final = (
    _attack("an input overwritten by assignment", Effect.CALLER, "x[:] = 0.0", layers=PROCESS_ALONE),
    _attack("an input as the place for a result", Effect.CALLER, "np.negative(x, out=x)", layers=PROCESS_ALONE),
    _attack(
        "an input written through a view of its diagonal",
        Effect.CALLER,
        "x.reshape(2, 4).T[1] += 1.0",
        layers=PROCESS_ALONE,
    ),
    _attack(
        "an input that is its function's working space",
        Effect.CALLER,
        "np.median(x[::-1], axis=0, overwrite_input=True)",
        layers=PROCESS_ALONE,
    ),
    _attack("an input filled by a method", Effect.CALLER, "x.fill(1.0)", layers=PROCESS_ALONE),
    _attack("an input changed where a mask says", Effect.CALLER, "np.place(x, x > 3.0, [0.0])", layers=PROCESS_ALONE),
    _attack("an input counted up without a buffer", Effect.CALLER, "np.add.at(x, 0, 1.0)"),
    _attack(
        "an input in the hands of an iterator",
        Effect.CALLER,
        "for item in np.nditer(x, op_flags=['readwrite']):",
        "    item[...] = 0.0",
    ),
    _attack("an input whose bytes are swapped", Effect.CALLER, "x.byteswap(True)"),
    _attack("an input read as another type", Effect.CALLER, "x.dtype = np.int32"),
    _attack(
        "an input given another state, as by unpickling",
        Effect.CALLER,
        "x.setflags(write=True)",
        "x.__setstate__((1, (8,), x.dtype, False, bytes(32)))",
    ),
)

ATTACKS: Final[tuple[Attack, ...]] = (
    *_READING,
    *_WRITING,
    *_CODE_AND_IMPORTS,
    *_MEMORY,
    *_SETTINGS,
    *_INPUTS,
)
