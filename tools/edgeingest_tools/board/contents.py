"""What goes on a board, as {path without the leading slash: bytes}: library, main.py, settings, root certificate."""

import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from edgeingest_tools import firmware
from edgeingest_tools.board import settings
from edgeingest_tools.board.catalogue import Board
from edgeingest_tools.board.link import BoardError

LIBRARY = "lib"  # sys.path of every board has /lib, and of those with a ROM file system /rom/lib
CONFIGURATION, CERTIFICATE = "/edgeingest.json", "/edgeingest.der"  # where edgeingest.config looks
EXAMPLES = firmware.FIRMWARE / "examples"


def library(arch: str | None) -> dict[str, bytes]:
    """The device library, compiled for an architecture of mpy-cross; None: its sources."""
    with tempfile.TemporaryDirectory(prefix="edgeingest-") as folder:
        root, modules = firmware.FIRMWARE, firmware.sources()
        if arch is not None:
            root = Path(folder)
            firmware.compile_tree(root, arch)
            modules = [module.with_suffix(".mpy") for module in modules]
        return {f"{LIBRARY}/{module.as_posix()}": (root / module).read_bytes() for module in modules}


def examples() -> list[str]:
    """The names of examples, and `main`: what each board has to start from."""
    return ["main", *sorted(path.stem for path in EXAMPLES.glob("*.py"))]


def main(board: Board, example: str) -> dict[str, bytes]:
    """The example as main.py."""
    if example == "main":
        return {"main.py": (board.folder / "main.py").read_bytes()}
    if example not in examples():
        raise BoardError(f"there is no example {example!r}: take one of {', '.join(examples())}")
    return {"main.py": (EXAMPLES / f"{example}.py").read_bytes()}


def configuration(board: Board, path: Path) -> dict[str, bytes]:
    """The settings in a TOML file, and the root certificate that they name, as `edgeingest provision` puts them."""
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
    """A certificate in a file, PEM or DER, as DER."""
    try:
        data = path.read_bytes()
        load = x509.load_pem_x509_certificate if b"-----BEGIN" in data else x509.load_der_x509_certificate
        return load(data).public_bytes(Encoding.DER)
    except OSError as error:
        raise BoardError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BoardError(f"{path} is no certificate, neither PEM nor DER: {error}") from None
