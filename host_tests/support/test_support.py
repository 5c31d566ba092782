"""The tools of the tests: errors arrive complete; an interpreter that ended or hangs is replaced."""

import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import interpreters, modes
from support.scripts import run_script
from support.worker import DeviceError, Worker, WorkerDied

ECHO = "def echo(value):\n    return value\n"


def test_run_starts_with_fresh_variables(worker):
    assert worker.run("x = 1\nresult = x + y", y=2) == 3
    with pytest.raises(DeviceError, match="NameError"):
        worker.run("result = x")
    assert worker.run("pass") is None


def test_helpers_keep_their_globals_and_do_not_mix(worker):
    one = worker.define("count = 0\ndef up(by=1):\n    global count\n    count += by\n    return count\n")
    two = worker.define("def up():\n    return 'other'\n")
    before = one.up()
    assert two.up() == "other"
    assert one.up(by=5) == before + 5


def test_prints_do_not_confuse(worker):
    assert worker.run("import sys\nfor i in range(500): print('\\0\\4ok', i)\nresult = 7") == 7
    assert "ok 499" in worker.output()


def test_an_error_arrives_complete(worker):
    source = (
        "class Base(Exception): pass\nclass Odd(Base):\n    pass\n"
        "e = Odd('what', 3)\ne.status = 404\ne.keep = [b'x']\ne.other = Odd\nraise e\n"
    )
    with pytest.raises(DeviceError, match="Odd") as caught:
        worker.run(source)
    error = caught.value
    assert (error.type, error.family) == ("Odd", ["Odd", "Base", "Exception"])
    assert error.values == ("what", 3)
    assert (error.status, error.keep) == (404, [b"x"])
    assert not hasattr(error, "other")
    assert "line 8" in error.trace or worker.mode == "native"  # native code has no line numbers


def test_errors_of_the_system_and_exits(worker):
    with pytest.raises(DeviceError) as caught:
        worker.run("raise OSError(104, 'reset')")
    assert ("OSError" in caught.value.family, caught.value.errno) == (True, 104)
    with pytest.raises(DeviceError) as caught:
        worker.run("import sys\nsys.exit(3)")
    assert caught.value.type == "SystemExit"


def test_values_that_do_not_travel_are_refused(worker):
    with pytest.raises(DeviceError, match="set does not travel"):
        worker.run("result = {1, 2}")
    with pytest.raises(TypeError, match="set does not travel"):
        worker.run("pass", data={1, 2})


@pytest.mark.modes(*modes.UNIX)
def test_a_locked_heap_is_unlocked_after_a_failure(worker):
    with pytest.raises(DeviceError) as caught:
        worker.run("import micropython\nmicropython.heap_lock()\nmicropython.heap_lock()\nx = bytearray(99)")
    assert caught.value.type == "MemoryError"
    assert worker.run("result = len(bytearray(99))") == 99


@pytest.mark.modes("cpython", *interpreters.WASM)
def test_without_an_emitter_viper_is_a_syntax_error(worker):
    with pytest.raises(DeviceError) as caught:
        worker.run("import micropython\n@micropython.viper\ndef f(a: ptr8): pass\n")
    assert caught.value.type == "SyntaxError"


def test_the_interpreter_is_what_the_mode_says(worker):
    name, version = worker.run("import sys\nresult = (sys.implementation.name, list(sys.implementation.version[:2]))")
    assert name == ("cpython" if worker.mode == "cpython" else "micropython")
    if worker.mode in interpreters.WASM:
        assert version == [int(part) for part in worker.mode.split("-")[1].split(".")]


def test_the_mode_decides_what_is_imported(worker):
    name = worker.run("import edgeingest.errors\nresult = edgeingest.errors.__file__")
    assert name.endswith("edgeingest/errors." + ("mpy" if worker.mode == "mpy" else "py"))


@pytest.mark.modes(*modes.UNIX)
def test_native_mode_compiles_native_code(worker):
    with pytest.raises(DeviceError) as caught:
        worker.run("def f():\n    x = 1\n    raise ValueError\nf()\n")
    assert ("line 3, in f" in caught.value.trace) == (worker.mode != "native")  # native code has no line numbers


def test_options_reach_the_interpreter(workers, tmp_path):
    (tmp_path / "extra.py").write_text("X = 5\n")
    small = workers("py", heapsize="200K", paths=[str(tmp_path)], env={"COLOUR": "blue"})
    assert small.run("import extra, os, gc\nresult = (extra.X, os.getenv('COLOUR'))") == (5, "blue")
    assert small.run("import gc\nresult = gc.mem_alloc() + gc.mem_free()") < 200 * 1024


@pytest.mark.parametrize(
    ("mode", "crash"),
    [("py", "import uctypes\nuctypes.bytearray_at(0, 1)[0]"), ("cpython", "import ctypes\nctypes.string_at(0)")],
)
def test_an_interpreter_that_ends_is_replaced(mode, crash):
    worker = Worker(mode)
    double = worker.define("def double(x): return 2 * x\n").double
    assert double(4) == 8
    with pytest.raises(WorkerDied, match="(?s)the .* interpreter ended; .*last words"):
        worker.run("print('last words')\n" + crash)
    assert double(5) == 10  # the new interpreter gets the helpers again
    worker.close()


def test_an_interpreter_that_hangs_is_replaced():
    worker = Worker("py", timeout=0.5)
    start = time.monotonic()
    with pytest.raises(WorkerDied, match="(?s)no answer within 0.5 s.*before it"):
        worker.run("print('before it')\nwhile True: pass")
    assert time.monotonic() - start < 5
    assert worker.run("result = 1") == 1
    worker.close()


def test_scripts(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, gc, edgeingest.errors as e\nprint(sys.argv[1:], e.__file__)\n"
        "print(gc.mem_alloc() + gc.mem_free())\nraise ValueError('end')\n"
    )
    done = run_script(script, args=["a", "b"])
    head, heap = done.stdout.splitlines()[:2]
    assert head.startswith("['a', 'b']") and head.endswith("errors.py")
    assert int(heap) < 192 * 1024
    assert done.code == 1
    assert "ValueError: end" in done.stderr + done.stdout
    assert "errors.mpy" in run_script(script, mpy=True).stdout


def test_a_missing_interpreter_is_one_plain_sentence(monkeypatch):
    monkeypatch.setenv("MICROPYTHON", "/nowhere/micropython")
    with pytest.raises(interpreters.Missing, match="MICROPYTHON=/nowhere/micropython is not a program"):
        interpreters.micropython()


@settings(max_examples=5)
@given(st.integers(1, 100))
def test_small_calls_are_fast_enough_for_thousands_of_cases(workers, number):
    echo = workers("py").define(ECHO).echo
    start = time.monotonic()
    for _ in range(200):
        echo(number)
    assert (time.monotonic() - start) / 200 < 0.005, sys.version
