"""`edgeingest deploy` with real mpremote onto a littlefs: complete, in part, and interrupted at any point."""

import pytest
from edgeingest_tools import firmware
from edgeingest_tools.board import deploy, facts
from edgeingest_tools.board.deployment import Deployment
from edgeingest_tools.board.link import BoardError, Link
from edgeingest_tools.board.simulated import Simulated
from support.boards import about, edgeingest, hashed, hashes, run

LIB, TOP = "/lib/edgeingest", "/edgeingest"  # the two places, used in turn, beginning with the first
USE = "import edgeingest\nfrom edgeingest import Sample\nprint(edgeingest.__version__, edgeingest.__file__)"


@pytest.fixture(scope="module")
def built():
    """The library for the unix port, compiled once."""
    mpy = facts.Facts(
        version=(1, 29, 0), machine="", platform="linux", mpy=6 | 3 << 8 | 2 << 10, path=["", "/lib"], heap_free=0,
        heap=0, block=4096, blocks=0, blocks_free=0, filesystem=None, frozen=None, network=True,
    )  # fmt: skip
    return deploy.library(mpy, source=False)


@pytest.fixture
def board(tmp_path):
    with Simulated(tmp_path) as board:
        yield board


def newer(files, name="signing.mpy"):
    """The same library with one module changed, and one that is new."""
    return {**files, name: files[name] + b"\0", "added.mpy": files["errors.mpy"]}


def install(board, wanted, advance=lambda name, count: None):
    """Deploys the library in this process."""
    with Link(board.port, restart=False) as link:
        return Deployment(link, facts.ask(link), wanted).install(advance)


def test_mpy_then_source_then_an_example(board):
    output = edgeingest(board, "deploy")
    assert f"{len(firmware.sources())} files copied, 0 were there already, 0 removed" in output
    assert run(board, USE).split() == ["0.1.0", LIB + "/__init__.mpy"]
    sources = {path.relative_to("edgeingest").as_posix(): path for path in firmware.sources()}
    assert set(hashes(board, LIB)) == {name.replace(".py", ".mpy") for name in sources}
    assert "nothing to do" in edgeingest(board, "deploy")
    edgeingest(board, "deploy", "--source", "--board", "UNIX", "--example", "main")
    assert hashes(board, TOP) == hashed(
        {name: (firmware.FIRMWARE / path).read_bytes() for name, path in sources.items()}
    )
    assert run(board, USE).split() == ["0.1.0", "edgeingest/__init__.py"]
    main = firmware.ROOT / "boards" / "UNIX" / "main.py"
    assert run(board, "print(open('/main.py').read(), end='')") == main.read_text()
    assert listed(board) == ["edgeingest", "lib", "main.py"]


def test_a_main_py_of_the_user_is_kept(board):
    """Further examples do not overwrite the copy."""
    own = "print('mine')"
    run(board, f"f = open('/main.py', 'w')\nf.write({own!r})\nf.close()")
    assert "previous one is kept as main.py.old" in edgeingest(board, "deploy", "--example", "replay_motion")
    for name, message in (("main", "main.py is in place\n"), ("main", "main.py is there already\n")):
        assert message in edgeingest(board, "deploy", "--example", name)
    assert run(board, "print(open('/main.py.old').read(), end='')") == own


def test_only_changed_files_are_sent(board, built):
    install(board, built)
    before = board.received
    sent = []
    done = install(board, {**built, "signing.mpy": built["signing.mpy"] + b"\0"}, lambda name, count: sent.append(name))
    assert (set(sent), done.sent, done.kept, done.removed) == ({"signing.mpy"}, ["signing.mpy"], len(built) - 1, 0)
    assert board.received - before < 2 * len(built["signing.mpy"]) + 13000  # with the code that runs on the board


@pytest.mark.timeout(300)
def test_interrupted_in_every_file(board, built):
    """The cable is pulled in each file in turn; after each the restarted board still runs the old version."""
    old = {name: data + b"\0" for name, data in built.items()}  # MicroPython ignores what follows the module
    install(board, old)
    cut = set()

    def pull(name, count):
        if name not in cut:
            cut.add(name)
            board.unplug()

    known = about(board)
    for _ in built:
        with Link(board.port, restart=False) as link:
            assert link.run(USE).split()[1] == LIB + "/__init__.mpy"
            deployment = Deployment(link, known, built)
            assert deployment.installed == hashed(old)
            with pytest.raises(BoardError, match="stopped answering"):
                deployment.install(pull)
        board.plug()
    assert cut == set(built)
    sent = install(board, built).sent
    assert len(sent) == 1  # the files that arrived are not sent again
    assert hashes(board, TOP) == hashed(built)
    assert listed(board) == ["edgeingest", "lib"]


@pytest.mark.parametrize("deploys", [1, 2], ids=["to the first place", "to the second place"])
def test_power_cut_at_any_write(tmp_path, built, deploys):
    """The power fails at a write to the flash: either version is imported, complete, and the next deploy succeeds."""
    new = newer(built)
    with Simulated(tmp_path) as board:
        for number in range(deploys):
            old = {**built, "wav.mpy": built["wav.mpy"] + bytes(number)}
            install(board, old)
        board.power_off()
        image = board.flash.read_bytes()
        board.environment["FLASH_WRITES"] = "100000"
        board.power_on()
        commit, count = writes(board, new)
        seen = set()
        for at in (commit // 2, *range(commit, commit + 5), count - 1):
            board.power_off()
            board.flash.write_bytes(image)
            board.environment["FLASH_WRITES"] = str(at)
            board.power_on()
            with pytest.raises(BoardError):
                install(board, new)
            board.power_off()
            board.environment["FLASH_WRITES"] = "-1"
            board.power_on()
            with Link(board.port, restart=False) as link:
                folder, found = imported(link)
            assert found in (hashed(old), hashed(new))
            seen.add((folder, found == hashed(new)))
        assert seen == ({(LIB, False), (TOP, True)} if deploys == 1 else {(TOP, False), (LIB, True)})
        install(board, new)
        assert hashes(board, LIB if deploys == 2 else TOP) == hashed(new)
        assert listed(board) == (["lib"] if deploys == 2 else ["edgeingest", "lib"])


def imported(link):
    """Returns the folder from which the library is imported, and the hashes of its files."""
    folder = link.run(USE).split()[1].rpartition("/")[0]
    folder = folder if folder.startswith("/") else "/" + folder
    link.load("files")
    return folder, dict(link.lines(f"hashes({folder!r})"))


def listed(board):
    return run(board, "import os\nprint(' '.join(sorted(os.listdir('/'))))").split()


def writes(board, new):
    """Returns the number of writes to the flash before the first rename, and in all."""
    before = []
    with Link(board.port, restart=False) as link:
        deployment = Deployment(link, facts.ask(link), new)
        do = deployment._do

        def counted(code):
            if "os.rename" in code:
                before.append(int(link.run("print(_flash.writes_left)")))
            do(code)

        deployment._do = counted
        deployment.install(lambda name, count: None)
        return [100000 - left for left in (*before, int(link.run("print(_flash.writes_left)")))]


FILL = """
import os
f = open('/filler', 'wb')
while os.statvfs('/')[3] > 20:
    f.write(bytes(4096))
    f.flush()
f.close()
"""


def test_a_full_board_is_not_changed(board, built):
    install(board, built)
    run(board, FILL)
    before = hashes(board, "/lib")
    error = edgeingest(board, "deploy", "--source", good=False)
    assert "KB free" in error and "remove files" in error
    assert hashes(board, "/lib") == before
    assert listed(board) == ["filler", "lib"]


def test_a_copy_made_by_mpremote_is_updated(board, built):
    """`mpremote cp -r` writes to /edgeingest, which is imported before /lib."""
    with Link(board.port, restart=False) as link:
        link.load("files")
        for name, data in built.items():
            link.run(f"folders('/edgeingest/{name}')")
            link.write("/edgeingest/" + name, data)
    assert install(board, newer(built)).sent == ["signing.mpy", "added.mpy"]
    assert listed(board) == ["lib"]


@pytest.mark.parametrize(
    "mpy, source, wanted",
    [
        (None, False, "loads no .mpy files: deploy with --source"),
        (6 | 2 << 8 | 4 << 10, False, r"version 6\.2, 6\.3 is what is built here: put MicroPython 1\.23"),
        (5, False, r"version 5\.0"),
        (5, True, None),
    ],
)
def test_an_old_micropython(board, mpy, source, wanted):
    facts_ = about(board).model_copy(update={"mpy": mpy})
    if wanted is None:
        assert "cbor_rows.py" in deploy.library(facts_, source)
    else:
        with pytest.raises(BoardError, match=wanted):
            deploy.library(facts_, source)


def test_without_native_code(board):
    """A board that cannot run machine code gets the modules without it; the library works with them."""
    wanted = deploy.library(about(board).model_copy(update={"mpy": 6}), False)
    assert "cbor_rows.mpy" in wanted and "cbor_kernels.mpy" not in wanted
    install(board, wanted)
    values = "from array import array\nfrom edgeingest import Sample\nfrom edgeingest import cbor_rows as rows\n"
    assert run(board, values + "print(Sample([('x', 'm')], 10, array('f', [1]), 'X').body().size)").strip().isdigit()


def test_a_warning_that_fat_does_not_rename_atomically(tmp_path, built):
    with Simulated(tmp_path, environment={"FILESYSTEM": "VfsFat"}) as board:
        for _ in range(2):
            output = edgeingest(board, "deploy", "--example", "replay_motion")
            assert "its file system is FAT, which renames in several steps" in output
        assert install(board, newer(built)).sent == ["signing.mpy", "added.mpy"]
        assert hashes(board, TOP) == hashed(newer(built))
        assert listed(board) == ["edgeingest", "lib", "main.py"]


def test_errors_of_the_command_line(board):
    assert "no example is called 'nothing'" in edgeingest(board, "deploy", "--example", "nothing", good=False)
    assert "runs code for armv6m" in edgeingest(board, "deploy", "--board", "RPI_PICO", good=False)
    assert "no board is called 'PICO'" in edgeingest(board, "deploy", "--board", "PICO", good=False)
    for port, wanted in (("/dev/gone", "there is no /dev/gone"), ("/dev/null", "/dev/null is no serial port")):
        board.port = port
        assert wanted in edgeingest(board, "deploy", good=False)


def test_without_space_for_two_versions(tmp_path, built):
    """With --replace the old version is removed first, unless it is the same."""
    with Simulated(tmp_path, flash_bytes=448 << 10) as board:
        install(board, {name: data + b"\0" for name, data in built.items()})
        assert "or deploy with --replace" in edgeingest(board, "deploy", good=False)
        assert f"{len(built)} files copied" in edgeingest(board, "deploy", "--replace")
        assert hashes(board, TOP) == hashed(built)
        assert "nothing to do" in edgeingest(board, "deploy", "--replace")
        assert run(board, USE).split() == ["0.1.0", "edgeingest/__init__.mpy"]


def test_replacing_can_be_interrupted_and_continued(board, built):
    install(board, newer(built))
    for count in (2000, 60_000, 30_000):
        board.unplug_after(count)
        edgeingest(board, "deploy", "--replace", good=False)
        board.plug()
    edgeingest(board, "deploy", "--replace")
    assert run(board, USE).startswith("0.1.0")
    assert listed(board) in (["edgeingest", "lib"], ["lib"])
