"""The size budget: a larger size fails, a smaller one can be recorded, and an update never raises it."""

import ast
import json
from collections import defaultdict

import device
import footprint
import pytest
import size
from support.interpreters import FIRMWARE


def test_sizes_over_and_below_the_budget_and_unknown():
    wrong, slack = size.compare(
        {"big": 11, "small": 9, "same": 5, "new": 1}, {"big": 10, "small": 10, "same": 5, "old": 3}
    )
    assert [line.split(":")[0] for line in wrong] == ["big", "new"]
    assert [line.split(":")[0] for line in slack] == ["small", "old"]


def test_a_tolerance_counts_both_ways():
    sizes = {"over": 13, "a little over": 12, "a little below": 8, "below": 7}
    wrong, slack = size.compare(sizes, dict.fromkeys(sizes, 10), "K", 2)
    assert (wrong, slack) == (["over: 13 K, budget 10"], ["below: 7 K, budget 10"])


def test_an_update_only_lowers():
    assert size.lowered({"big": 11, "small": 9, "new": 1}, {"big": 10, "small": 10, "old": 3}) == {
        "big": 10,
        "small": 9,
        "new": 1,
    }


@pytest.mark.parametrize("section", [size.MODULES, size.LOADED, size.FIRST_USES, size.HEAPS], ids=lambda one: one.key)
@pytest.mark.parametrize(("budget", "code"), [(999_999, 0), (1, 1)])
def test_the_command_fails_over_budget(section, budget, code, tmp_path, monkeypatch, capsys):
    on_device = {one: {"a": 100} for one in (size.LOADED, size.FIRST_USES, size.HEAPS)}
    monkeypatch.setattr(size, "compile_tree", lambda folder, arch: {"a": 100})
    monkeypatch.setattr(size, "on_device", lambda sizes: on_device)
    monkeypatch.setattr(footprint, "comparable", lambda: True)
    monkeypatch.setattr(size, "BUILD", tmp_path / "mpy")
    monkeypatch.setattr(size, "BUDGETS", tmp_path / "budgets.json")
    fine = {one.key: {"a": 100} for one in (size.MODULES, *on_device)}
    size.BUDGETS.write_text(json.dumps(fine | {section.key: {"a": budget}, "other": {"kept": 1}}))
    assert size.main([]) == code
    output = capsys.readouterr().out
    assert ("make size UPDATE=1" in output, f"over budget, {section.title}: a: 100" in output) == (code == 0, code == 1)
    assert size.main(["--update"]) == code
    lowered = fine | {section.key: {"a": min(budget, 100)}, "other": {"kept": 1}}
    assert json.loads(size.BUDGETS.read_text()) == lowered


def test_on_other_computers_the_heap_is_shown_and_not_compared(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(size, "compile_tree", lambda folder, arch: {"a": 100})
    monkeypatch.setattr(size, "on_device", lambda sizes: {size.LOADED: {"a": 100}, size.HEAPS: {"large one": 100}})
    monkeypatch.setattr(footprint, "comparable", lambda: False)
    monkeypatch.setattr(size, "BUILD", tmp_path / "mpy")
    monkeypatch.setattr(size, "BUDGETS", tmp_path / "budgets.json")
    budget = {"mpy_armv6m": {"a": 100}, "loaded_armv6m": {"a": 100}, "smallest_heap_x64": {"large one": 1}}
    size.BUDGETS.write_text(json.dumps(budget))
    assert size.main(["--update"]) == 0
    output = capsys.readouterr().out
    assert "large one" in output and "not held to it here" in output
    assert json.loads(size.BUDGETS.read_text()) == budget


# -- measurements
def public_names():
    [names] = [
        ast.literal_eval(node.value)
        for node in ast.parse((FIRMWARE / "edgeingest" / "__init__.py").read_text()).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    ]
    return set(names)


def test_every_public_name_has_a_first_use_and_a_budget():
    assert public_names() <= set(footprint.FIRST_USES), (
        "a new public name: tools/dev/footprint.py says what its use takes"
    )
    budgets = json.loads(size.BUDGETS.read_text())
    assert set(budgets[size.FIRST_USES.key]) == set(footprint.FIRST_USES)
    assert set(budgets[size.HEAPS.key]) == set(footprint.UPLOADS)
    assert set(budgets[size.LOADED.key]) == set(footprint.LOADS)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = device.Device(tmp_path_factory.mktemp("size"))
    made.compile([footprint.SCRIPT])
    return made


def test_first_uses_are_measured(place, monkeypatch):
    uses = {
        "nothing": "pass",
        "a thousand bytes": "import sys; sys.modules['kept'] = bytearray(1000)",
        "a thousand that are freed": "bytearray(1000)",
        "import edgeingest": footprint.FIRST_USES["import edgeingest"],
        "Client": footprint.FIRST_USES["Client"],
    }
    monkeypatch.setattr(footprint, "FIRST_USES", uses)
    nothing, kept, freed, package, client = footprint.first_uses(place).values()
    assert abs(nothing) <= size.FIRST_USES.tolerance and abs(freed) <= size.FIRST_USES.tolerance
    assert 1000 <= kept <= 1500
    assert 100 < package <= 1536 < client  # importing the package loads nothing else


def test_uploads_are_measured(place):
    """With the smallest upload: the sizes of its modules add up, and one kilobyte less is not enough for it."""
    name, (function, mode) = next(iter(footprint.UPLOADS.items()))
    with device.service(place.folder) as service:
        arguments = [function, service.url(mode), ""]
        least = place.smallest_heap(footprint.SCRIPT, arguments)
        modules = place.printed(footprint.SCRIPT, arguments, f"{least + size.HEAPS.tolerance}K").split()
        with pytest.raises(device.Failed):
            place.printed(footprint.SCRIPT, arguments, f"{least - size.HEAPS.tolerance - 1}K")
        weights = defaultdict(int, __init__=1, client=20, tls=300, wav=4000)
        loaded = footprint.loaded(place, service, weights)
    assert len(modules) == len(set(modules))
    assert {"client", "connection", "sample", "signing"} <= set(modules)
    assert not set(modules) & {"files", "json_csv", "labels", "wav", "aio", "capture", "tls"}
    assert set(loaded.values()) == {321}
