"""The manifests for freezing, executed by MicroPython's own manifestfile.py: the library, and the port's own files.

The library is compiled with -O3; how the port's own files are compiled is left to the port.
"""

import importlib.util
import sys
from pathlib import Path

import pytest
from edgeingest_tools.board import catalogue
from support.interpreters import FIRMWARE

RULES = Path(sys.prefix) / "rules" / "stubber" / "tools" / "manifestfile.py"
LIBRARY = {str(path.relative_to(FIRMWARE)): (path, 3) for path in FIRMWARE.glob("edgeingest/**/*.py")}
# Where a port keeps the manifest that its stock firmware is built with.
OWN = {
    "ESP32_GENERIC": "boards/manifest.py",
    "ESP32_GENERIC_C3": "boards/manifest.py",
    "ESP32_GENERIC_S3": "boards/manifest.py",
    "RPI_PICO": "boards/manifest.py",
    "RPI_PICO_W": "boards/RPI_PICO_W/manifest.py",
    "RPI_PICO2_W": "boards/RPI_PICO2_W/manifest.py",
    "UNIX": "variants/standard/manifest.py",
}


@pytest.fixture(scope="session")
def rules():
    if not RULES.exists():
        pytest.fail("MicroPython's manifest rules are not there: run `make setup`")
    spec = importlib.util.spec_from_file_location("manifestfile", RULES)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def frozen(rules, manifest, **places):
    """Executes a manifest as MicroPython's build does: {name in the firmware: (file, level of optimisation)}."""
    executed = rules.ManifestFile(rules.MODE_FREEZE, {name: str(place) for name, place in places.items()})
    executed.execute(str(manifest))
    found = {entry.target_path: (Path(entry.full_path).resolve(), entry.opt) for entry in executed.files()}
    assert len(found) == len(executed.files()), "a file is frozen twice"
    assert {entry.kind for entry in executed.files()} == {rules.KIND_FREEZE_AS_MPY}
    return found


def test_all_of_the_library_is_frozen(rules):
    assert frozen(rules, FIRMWARE / "manifest.py") == LIBRARY


@pytest.mark.parametrize("name", catalogue.names())
def test_a_board_freezes_the_port_s_own_and_the_library(rules, tmp_path, name):
    """The port is replaced by two files, because MicroPython's sources are not installed."""
    port = tmp_path / "ports" / catalogue.load(name).port
    own = port / OWN[name]
    own.parent.mkdir(parents=True)
    own.write_text('freeze("$(PORT_DIR)/modules")\n')
    (port / "modules").mkdir()
    (port / "modules" / "_boot.py").write_text("import vfs\n")
    manifest = catalogue.load(name).folder / "manifest.py"
    found = frozen(rules, manifest, MPY_DIR=tmp_path, PORT_DIR=port, BOARD_DIR=own.parent)
    assert found == LIBRARY | {"_boot.py": (port / "modules" / "_boot.py", None)}


@pytest.mark.parametrize("name", catalogue.names())
def test_the_command_of_a_board_builds_it(name):
    """A port that does not name the architecture cannot freeze native code; an old build folder is not changed."""
    board = catalogue.load(name)
    text = (board.folder / "manifest.py").read_text().replace("\\\n#", "")
    command = text.splitlines()[0].lstrip("# ").split()
    assert command[:3] == ["make", "-C", f"micropython/ports/{board.port}"]
    given = dict(argument.split("=", 1) for argument in command[3:])
    assert given.pop("FROZEN_MANIFEST") == f"/path/to/boards/{name}/manifest.py"
    assert given.pop("BUILD") == f"build-edgeingest-{name}"
    unix = board.port == "unix"
    assert given == ({"MPY_CROSS_FLAGS": f"-march={board.mpy_arch}"} if unix else {"BOARD": name})


def test_a_manifest_that_names_a_missing_file_is_an_error(rules, tmp_path):
    """Otherwise the tests above could pass without executing anything."""
    (tmp_path / "manifest.py").write_text('module("gone.py")\n')
    with pytest.raises(rules.ManifestFileError, match=r"Cannot stat .*gone\.py"):
        frozen(rules, tmp_path / "manifest.py")
