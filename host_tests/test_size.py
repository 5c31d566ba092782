"""The size budget: what exceeds it fails, what is below can be held, and an update never raises it."""

import json

import pytest
import size


def test_over_below_and_unknown():
    wrong, slack = size.compare(
        {"big": 11, "small": 9, "same": 5, "new": 1}, {"big": 10, "small": 10, "same": 5, "old": 3}
    )
    assert [line.split(":")[0] for line in wrong] == ["big", "new"]
    assert [line.split(":")[0] for line in slack] == ["small", "old"]


def test_an_update_only_lowers():
    assert size.lowered({"big": 11, "small": 9, "new": 1}, {"big": 10, "small": 10, "old": 3}) == {
        "big": 10,
        "small": 9,
        "new": 1,
    }


@pytest.mark.parametrize(("budget", "code"), [(999_999, 0), (1, 1)])
def test_the_command_fails_over_budget(budget, code, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(size, "compile_tree", lambda folder, arch: {"rows": 100})
    monkeypatch.setattr(size, "BUILD", tmp_path / "mpy")
    monkeypatch.setattr(size, "BUDGETS", tmp_path / "budgets.json")
    size.BUDGETS.write_text(json.dumps({size.KEY: {"rows": budget}, "other": {"kept": 1}}))
    assert size.main([]) == code
    assert ("make size UPDATE=1" in capsys.readouterr().out) == (code == 0)
    assert size.main(["--update"]) == code
    assert json.loads(size.BUDGETS.read_text()) == {size.KEY: {"rows": min(budget, 100)}, "other": {"kept": 1}}
