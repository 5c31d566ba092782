"""firmware/API.md: not stale, and what it says of a name is what Python itself says of it."""

import inspect
import re

import api
import module_imports
import pytest

TEXT = api.API.read_text()
SECTIONS = re.split(r"(?m)^## ", TEXT)[1:]
# CPython has no modules `network` and `machine`; what needs them is read like the rest.
IMPORTABLE = [section for section in SECTIONS if not section.startswith(("`edgeingest.network", "`edgeingest.sources"))]
# What a module offers, asked of the imported module and not of its source.
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
    """{name: signature} of a section."""
    found = re.findall(r"(?m)^### `(?:await |class )?(\w+)(\(.*\))?`$", section)
    return {name: signature for name, signature in found if not signature.endswith(("Error)", "Exception)"))}


def names(section):
    return re.findall(r"(?m)^### `(?:await |class )?(\w+)", section)


def test_it_is_what_make_docs_makes():
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
            assert str(inspect.signature(eval(f"lambda {signature[1:-1]}: 0"))) == public, name


def test_every_public_name_has_a_docstring():
    for section in SECTIONS:
        for part in re.split(r"(?m)^### ", section)[1:]:
            assert "```text\n" in part, part.splitlines()[0]


def test_all_of_edgeingest_s_own_names_are_there():
    assert names(SECTIONS[0]) == list(module_imports.public())
