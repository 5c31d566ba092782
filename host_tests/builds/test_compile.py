"""Every module of the device library compiles for every architecture that it is released for."""

import compile_mpy
import pytest
from edgeingest_tools import firmware

MPY_FORMAT = (6, 3)  # the format that MicroPython 1.23 and later load


def test_there_is_firmware_to_compile():
    assert compile_mpy.sources()


@pytest.mark.parametrize("arch", compile_mpy.ARCHITECTURES)
@pytest.mark.parametrize("source", compile_mpy.sources(), ids=str)
def test_module_compiles(source, arch, tmp_path):
    target = tmp_path / "module.mpy"
    assert compile_mpy.compile_file(source, target, arch) > 0
    head = target.read_bytes()
    assert head[:2] == bytes((ord("M"), MPY_FORMAT[0]))
    if head[2] >> 2:  # the minor version matters only with native code
        assert head[2] & 3 == MPY_FORMAT[1]
    assert head[3] == 31  # bits of a small int: 32-bit boards load it, too


def test_a_syntax_error_is_reported(tmp_path, monkeypatch):
    (tmp_path / "edgeingest").mkdir()
    (tmp_path / "edgeingest" / "bad.py").write_text("def f(:\n")
    monkeypatch.setattr(firmware, "FIRMWARE", tmp_path)
    with pytest.raises(compile_mpy.CompileError, match="(?s)edgeingest/bad.py for armv6m: .*SyntaxError"):
        compile_mpy.compile_tree(tmp_path / "out", "armv6m")
