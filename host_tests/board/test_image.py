"""`edgeingest image`: mounted by MicroPython on a RAM disk of the board's geometry, compared, and run from there."""

import contextlib
import hashlib
import json

import pytest
from edgeingest_tools.board import catalogue, contents, littlefs
from edgeingest_tools.service import certificates
from support.boards import CLOCK
from support.device_source import device_source
from support.images import compiled_once, maker, place
from support.scripts import run_script
from support.service import HMAC_KEY, KEY, command, running

NETWORKED = [name for name in catalogue.names() if catalogue.load(name).network]
# What the stock firmware mounts with: ports/rp2/modules/_boot.py, and the default of VfsLfs2.
PROGRAM_SIZE = {"rp2": 256, "esp32": 32, "unix": 32}
MOUNT = device_source("board/image_mount_device")
FLASH = MOUNT + "mount_flash()\n"
ROM = MOUNT + "mount_rom()\n"
LIST = "print_hashes(sys.argv[4])\n"
RUN_MAIN = CLOCK + device_source("board/image_main_device") + "run_main(Clock())\n"


@pytest.fixture(autouse=True, scope="module")
def once():
    with compiled_once():
        yield


@pytest.fixture
def make(tmp_path):
    return maker(tmp_path)


def micropython(tmp_path, script, image, board, *arguments):
    """Runs a script that mounts the image; returns its output."""
    (tmp_path / "script.py").write_text(script)
    shape = (str(place(board).block_size), str(PROGRAM_SIZE[board.port]))
    done = run_script(tmp_path / "script.py", heapsize="32M", args=(str(image), *shape, *arguments))
    assert done.code == 0, done.stdout + done.stderr
    return done.stdout


def hashes(files):
    return {"/" + path: hashlib.sha256(data).hexdigest() for path, data in files.items()}


def listed(output):
    return dict(line.split() for line in output.splitlines())


def wanted(board, source=False):
    library = contents.sources() if source else contents.compiled(board.mpy_arch)
    found = {f"lib/edgeingest/{name}": data for name, data in library.items()}
    return found | {"main.py": (board.folder / "main.py").read_bytes()}


# -- the files as MicroPython reads them
@pytest.mark.parametrize("name", catalogue.names())
def test_micropython_mounts_it_and_finds_every_byte(make, tmp_path, name):
    board = catalogue.load(name)
    image = make(name, "flash.bin")
    assert image.stat().st_size == place(board).size
    assert listed(micropython(tmp_path, FLASH + LIST, image, board, "")) == hashes(wanted(board))


def test_it_can_be_written_to_there(make, tmp_path):
    """A small file beside large ones is written many times: MicroPython continues the file system of the image."""
    board = catalogue.load("ESP32_GENERIC")
    script = FLASH + "for i in range(300):\n    with open('/count', 'w') as f: f.write('x' * i)\n" + LIST
    found = listed(micropython(tmp_path, script, make("ESP32_GENERIC", "flash.bin"), board, ""))
    assert found == hashes(wanted(board) | {"count": b"x" * 299})


@pytest.mark.parametrize("name", ["ESP32_GENERIC", "RPI_PICO"])
def test_files_of_every_length_are_read_whole(tmp_path, name):
    """Short files live inside their directory, as long as the reader's cache has room for them."""
    board = catalogue.load(name)
    lengths = (0, 1, 31, 32, 127, 128, 129, 255, 256, 257, 511, 512, 1000, 1024, 4096, 5000)
    files = {f"of/{length}": bytes(at % 251 for at in range(length)) for length in lengths}
    (tmp_path / "flash.bin").write_bytes(littlefs.build(place(board), files))
    assert listed(micropython(tmp_path, FLASH + LIST, tmp_path / "flash.bin", board, "")) == hashes(files)


def test_sources_instead_of_mpy(make, tmp_path):
    board = catalogue.load("RPI_PICO_W")
    image = make("RPI_PICO_W", "flash.bin", "--source")
    found = listed(micropython(tmp_path, FLASH + LIST, image, board, ""))
    assert found == hashes(wanted(board, source=True))
    assert "/lib/edgeingest/client.py" in found


def test_a_rom_file_system_runs_in_place(make, tmp_path):
    board = catalogue.load("UNIX")
    image = make("UNIX", "library.romfs", "--romfs")
    script = ROM + LIST + "import edgeingest\nprint(edgeingest.__file__, edgeingest.Sample.__name__)\n"
    *lines, last = micropython(tmp_path, script, image, board, "/rom").splitlines()
    assert listed("\n".join(lines)) == hashes({path: data for path, data in wanted(board).items() if path != "main.py"})
    assert last == "/rom/lib/edgeingest/__init__.mpy Sample"


# -- the programs on the image
def settings_file(tmp_path, url, **more):
    path = tmp_path / "settings.toml"
    found = {"api_key": KEY, "url": url, "hmac_key": HMAC_KEY, **more}
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in found.items()))
    return path


@pytest.mark.parametrize("name", NETWORKED)
def test_main_sends_the_first_sample(make, tmp_path, name):
    board = catalogue.load(name)
    with running(tmp_path / "data", hmac_key=HMAC_KEY) as service:
        config = settings_file(tmp_path, service.url, wifi_ssid="attic", wifi_password="12345678", label="one")
        image = make(name, "flash.bin", "--config", config)
        output = micropython(tmp_path, FLASH + RUN_MAIN, image, board)
        row = service.row(stored_name="first.cbor")
    assert output.splitlines()[0] == "stored first.cbor"
    assert (row["rows"], row["signature"], row["label"], row["interval_ms"]) == (100, "valid", "one", 10)
    calls = "[]" if board.pins is None else f"[('connect', 'attic', '12345678'), ('clock',), ('adc', {board.pins.adc})]"
    assert output.splitlines()[1] == calls


def test_main_of_a_board_without_network_keeps_its_sample(make, tmp_path):
    """A client sends it from the spool, as the tools do over USB."""
    board = catalogue.load("RPI_PICO")
    with running(tmp_path / "data", hmac_key=HMAC_KEY) as service:
        image = make("RPI_PICO", "flash.bin", "--config", settings_file(tmp_path, service.url, label="one"))
        flush = "from edgeingest.spool import Spool\nfrom edgeingest.config import load\n"
        flush += "spool = Spool('/spool')\nprint(spool.entries)\n"
        flush += "with load().client() as client:\n    spool.flush(client)\nprint(spool.entries)\n"
        output = micropython(tmp_path, FLASH + RUN_MAIN + flush, image, board).splitlines()
        row = service.row(stored_name="first.cbor")
    assert output == ["kept; take it over with: edgeingest pull", "[('adc', 26)]", "1", "0"]
    assert (row["rows"], row["signature"], row["label"]) == (100, "valid", "one")


# The example's recordings and certificate, put on the flash, and its command line.
REPLAY = """
ca = read(sys.argv[4])
recordings = list(walk(sys.argv[5]))
http, https, key, hmac_key, root = sys.argv[6:10] + [sys.argv[5]]
"""
REPLAYED = """
os.mkdir("/data")
for path, data in recordings + [("/ca.der", ca)]:
    with open("/data" + path[len(root):] if path.startswith(root) else path, "wb") as file:
        file.write(data)
sys.argv[:] = ["main.py", http, https, "/ca.der", key, hmac_key, "/data"]
import main
"""


def test_an_example_runs_from_it(tmp_path):
    """With the command as a user types it."""
    board, data = catalogue.load("UNIX"), contents.EXAMPLES / "data"
    image = tmp_path / "flash.bin"
    done = command("image", "--board", "UNIX", "--out", image, "--example", "replay_motion")
    assert (done.returncode, done.stderr) == (0, "")
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(running(tmp_path / "http", hmac_key=HMAC_KEY))
        tls = certificates.server_context(tmp_path / "https", ["127.0.0.1"])
        secure = stack.enter_context(running(tmp_path / "https", tls=tls))
        where = (str(tmp_path / "https" / "ca.der"), str(data), plain.url, secure.url, KEY, HMAC_KEY)
        output = micropython(tmp_path, MOUNT + REPLAY + "mount_flash()\n" + REPLAYED, image, board, *where)
        assert output.count("stored ") == 8
        assert {row["stored_name"] for row in plain.rows()} >= {"walking.01.cbor", "walking.01.json"}
        assert {row["stored_name"] for row in secure.rows()} == {"front_center.01.wav", "flower.01.jpg"}
