"""firmware/API.md: up to date, with the names, arguments and docstrings of the modules; its examples run."""

import inspect
import re
import shutil
import textwrap

import api
import module_imports
import pytest
from edgeingest_tools.service.names import inferred_label
from support.readme_service import HOST, run, service_at
from support.uploads import JPEG

TEXT = api.API.read_text()
SECTIONS = re.split(r"(?m)^## ", TEXT)[1:]
# CPython has no modules `network` and `machine`, so modules that need them cannot be imported here.
IMPORTABLE = [section for section in SECTIONS if not section.startswith(("`edgeingest.network", "`edgeingest.sources"))]
# Returns {public name: signature} of the imported module.
ASK = """
import inspect, sys
module = __import__(name, None, None, ("x",))
names = getattr(module, "__all__", None) or [
    each for each, value in vars(module).items() if getattr(value, "__module__", None) == name
] + [each for each in vars(module).get("_MODULES", ())]
result = {}
for each in names:
    value = getattr(module, each)
    if callable(value) and not each.startswith("_"):
        try:
            result[each] = str(inspect.signature(value))
        except ValueError:  # an exception without arguments of its own
            result[each] = ""
"""


def documented(section):
    """Returns {name: signature} of a section."""
    found = re.findall(r"(?m)^### `(?:await |class )?(\w+)(\(.*\))?`$", section)
    return {name: signature for name, signature in found if not signature.endswith(("Error)", "Exception)"))}


def names(section):
    return re.findall(r"(?m)^### `(?:await |class )?(\w+)", section)


def test_it_is_up_to_date():
    assert api.document() == TEXT, "stale: run `make docs`"


@pytest.mark.modes("cpython")
@pytest.mark.parametrize("section", IMPORTABLE, ids=lambda section: section.split("`")[1])
def test_every_name_and_its_arguments(worker, section):
    module = section.split("`")[1]
    asked = worker.run(ASK, name=module)
    assert set(names(section)) == asked.keys() - api.HIDDEN
    for name, signature in documented(section).items():
        if signature:
            public = re.sub(r"(, |(?<=\())_\w+(=[^,)]*)?", "", asked[name])
            called = eval(f"lambda {signature[1:-1]}: 0", {"ONE_PERCENT": 0.01})
            assert str(inspect.signature(called)) == public, name


def test_every_public_name_has_a_docstring():
    for section in SECTIONS:
        for part in re.split(r"(?m)^### ", section)[1:]:
            assert "```text\n" in part, part.splitlines()[0]


def test_all_public_names_are_in_the_first_section():
    assert names(SECTIONS[0]) == list(module_imports.public())


# -- examples: the indented lines of a docstring; each runs as a program, after the PRELUDE
PRELUDE = """
import asyncio
from array import array
from edgeingest import Client, File, Retry, Sample, Wav
from edgeingest.aio import AsyncClient
from edgeingest.body import Chain
from edgeingest.capture import Continuous, capture
from edgeingest.cbor import Encoder
from edgeingest.labels import bounding_boxes, info_labels, structured_labels
from edgeingest.spool import Spool


class imu:
    sensors = (("accX", "m/s2"),)

    def read(buffer, offset):
        buffer[offset] = 1.5


read = imu.read
sensors = (("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2"))
sample = Sample(sensors, 10, array("f", (0.1, 0.2, 9.8) * 100), "RPI_PICO_W", name="wave.01")
client = Client("ei_your_api_key", ca="edgeingest.der", hmac_key="your_hmac_key")
async_client = AsyncClient("ei_your_api_key", ca="edgeingest.der", hmac_key="your_hmac_key")
spool = Spool("spool")
"""
NOT_RUN = ("`edgeingest.config", "`edgeingest.network", "`edgeingest.sources")  # these need a board
ENDLESS = "for sample in samples:"


def examples():
    """Returns (module, example) of each block of lines that is indented by 4 spaces and follows a blank line."""
    found = []
    for section in SECTIONS:
        if section.startswith(NOT_RUN):
            continue
        for text in re.findall(r"(?s)```text\n(.*?)```", section):
            for block in re.findall(r"(?m)(?<=\n\n)((?:^ {4}.*\n|^\n(?= {4}))+)", text):
                if not block.lstrip().startswith("from ."):  # the public names as plain code, in the first section
                    found.append((section.split("`")[1], textwrap.dedent(block)))
    return found


def test_there_are_examples_to_run():
    """For every class and function that programs call."""
    shown = "".join(example for _, example in examples())
    for name in (*module_imports.public(), "AsyncClient", "capture", "structured_labels", "Spool", "Encoder", "Chain"):
        assert name == "Stored" or name in shown, name


@pytest.mark.parametrize(("module", "example"), examples())
def test_an_example(module, example, tmp_path):
    (tmp_path / "frame.jpg").write_bytes(JPEG)
    (tmp_path / "rows.csv").write_text("0,1\n10,2\n")
    if ENDLESS in example:
        example = example.replace(ENDLESS, ENDLESS + "\n        samples.close()")
    if "await" in example or "async " in example:
        example = "async def main():\n" + textwrap.indent(example, "    ") + "\n\nasyncio.run(main())\n"
    with service_at(tmp_path / "service") as service:
        shutil.copyfile(tmp_path / "service" / "ca.der", tmp_path / "edgeingest.der")
        done = run(PRELUDE + example, tmp_path, HOST, 443, service.url)
        stored = len(service.rows())
    assert done.returncode == 0, done.stdout + done.stderr
    assert stored or ".upload(" not in example and ".send(" not in example


@pytest.mark.parametrize("name, label", [("wave.01.cbor", "wave"), ("Tür.01.cbor", "T"), (".hidden.cbor", None)])
def test_labels_that_are_inferred_are_as_it_says(name, label):
    """In `upload` with the extension, and in Sample without."""
    text = " ".join(TEXT.split())
    assert inferred_label(name) == label
    assert f"`{name}` has {f'`{label}`' if label else 'none'}" in text
    assert f'{f"`{label}`" if label else "none"} from "{name.removesuffix(".cbor")}"' in text
