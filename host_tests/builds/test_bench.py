"""`make bench` with tiny sizes: every script runs and returns numbers, whose values are not checked."""

import bench
import bench_tables
import bench_targets
import footprint


def numbers(found):
    """Yields every number in nested dicts."""
    for value in found.values():
        if isinstance(value, dict):
            yield from numbers(value)
        elif isinstance(value, (int, float)):
            yield value


def test_every_script_measures(tmp_path, capsys, monkeypatch):
    uses = footprint.FIRST_USES
    monkeypatch.setattr(footprint, "FIRST_USES", {name: uses[name] for name in ("import edgeingest", "Client")})
    peer = tmp_path / "jsonpeer"
    peer.mkdir()
    (peer / "__init__.py").write_text("from json import dumps\n")
    plan = bench.Plan(
        rows=(5, 10),
        sizes=(700, 5000),
        buffers=(512, 2048),
        rounds=1,
        turns=1,
        calls=(3, 2, 1),
        small_rounds=1,
        heap_rows=64,
        capture_rows=50,
        spool_entries=(10, 40),
        peer=peer,
        folder=tmp_path / "bench",
    )
    found = bench.everything(plan, lambda text: None)

    contenders = {"CPython cbor2", "typed", "generic", "json.dump", "json.dumps", "pack_into", "peer"}
    assert all(set(one) == contenders for kind in "fh" for one in found["encode"][kind].values())
    assert set(found["sign"]) == {"SHA-256", "unsigned", "signed"}
    calls = {"upload file", "upload Sample", "send file", "send Sample"}
    service = {"upload, new connection", "requests generator", "raw"}
    assert set(found["upload"]["null"][512][5000]) == calls | {"raw"}
    for mode in ("http", "tls"):
        assert set(found["upload"][mode][512][5000]) == calls | service | {"requests read()"}
        assert set(found["upload"][mode][2048][5000]) == calls | service  # it has no buffer to vary
    for mode in ("http", "null"):
        assert 5000 / 512 <= found["upload"][mode][512][5000]["send file"]["writes"] <= 5000 / 512 + 2
    assert len(found["small"]["http"]) == len(found["small"]["tls"]) == 6
    assert all(8 <= kilobytes <= 512 for one in found["heap"].values() for kilobytes in one.values())
    assert found["capture"]["rows"] == 50
    assert all(set(one) == {"put", "put, dropping the oldest", "flush"} for one in found["spool"].values())
    assert found["first use"]["Client"] > found["first use"]["import edgeingest"]
    drift = found["capture"].pop("drift_us")  # the only one that may be below 0
    assert all(value >= 0 for value in numbers(found))

    found["capture"]["drift_us"] = drift
    assert len(list(bench_targets.targets(found))) > 25
    bench_tables.show(found)
    shown = capsys.readouterr().out
    assert "signed stream against SHA-256 alone" in shown and "peer" in shown
