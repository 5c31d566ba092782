"""What makes an entry leave the queue, and what only makes it wait: nothing is lost, nothing blocks the others."""

import cbor2
import pytest
from spool.results import Flushed
from support.device_source import device_source
from support.peer import peer, stored
from support.service import running

DEVICE = device_source("spool/spool_faults_device")
FEW = pytest.mark.modes("mpy", "cpython")
KEY = "fed53116f20684c067774ebf9e7bcbdc"
NGINX = (
    "<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n<body>\r\n"
    "<center><h1>400 Bad Request</h1></center>\r\n</body>\r\n</html>\r\n"
)


@pytest.fixture
def device(worker):
    return worker.define(DEVICE)


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "spool")


def kept(count, error):
    return Flushed(kept=count, error=error)[:6]


@FEW
@pytest.mark.parametrize("kind", ["500", "broken", "nonsense"])
def test_an_entry_that_always_fails_does_not_block_the_others(device, folder, kind):
    results, requests, left, reasons = device.flush_until_quiet(folder, 6, ["wave.2.cbor"], kind, 3, 4)
    error = {"500": "ServiceError", "broken": "NetworkError", "nonsense": "ProtocolError"}[kind]
    assert results == [
        Flushed(stored=5, kept=1, error=error)[:6],
        kept(1, error),
        Flushed(rejected=1, error=error)[:6],
        Flushed()[:6],
    ]
    assert requests[0][0] == [f"wave.{i}.cbor" for i in range(6)]  # then each by itself
    assert requests[1:] == [[["wave.2.cbor"]], [["wave.2.cbor"]], []]
    assert left == ["rejected/00000003.ent", "rejected/00000003.txt"]
    assert reasons[0].startswith("failed in 3 flushes while others were stored: ")


@FEW
def test_several_entries_that_always_fail(device, folder):
    """Two in a row look like a service that is down; the next flush begins with the others."""
    bad = ["wave.0.cbor", "wave.1.cbor", "wave.4.cbor"]
    results, _, left, _ = device.flush_until_quiet(folder, 6, bad, "500", 2, 4)
    assert sum(result[0] for result in results) == 3
    assert [name for name in left if name.endswith(".ent")] == [f"rejected/0000000{i + 1}.ent" for i in (0, 1, 4)]


@FEW
def test_a_service_that_is_down_keeps_everything(device, folder):
    everything = [f"wave.{i}.cbor" for i in range(70)]
    results, requests, left, _ = device.flush_until_quiet(folder, 70, everything, "500", 2, 5)
    assert results == [kept(70, "ServiceError")] * 5
    assert len(left) == 70 and max(map(len, requests)) <= 3


PAGES = {
    "nginx": (400, NGINX),
    "portal": (200, "<!DOCTYPE html><title>Log in</title>"),
    "proxy": (421, "<?xml version='1.0'?><Error/>"),
    "JSON of another program": (422, '{"message": "blocked by the firewall"}'),
    "nothing": (413, ""),
    "no list": (200, '{"success": false, "error": "project is busy"}'),
    "no list, no reason": (200, '{"success": false}'),
}


@FEW
@pytest.mark.parametrize("name", PAGES)
def test_what_is_not_the_service_empties_no_spool(device, folder, name):
    status, page = PAGES[name]

    def handler(made, connection, number):
        while made.take(connection):
            connection.reply(page, status)

    with peer(handler) as made:
        found, left = device.flush_to(folder, made.url, 20, 3)
    for result, text in found:
        assert result[:5] == Flushed(kept=20)[:5] and result[5] in ("ServiceError", "ProtocolError"), (result, text)
    assert left == [f"{i:08}.ent" for i in range(1, 21)]


@FEW
def test_many_refusals_in_the_same_words_are_the_settings(device, folder):
    def handler(made, connection, number):
        while made.take(connection):
            connection.reply("Signature does not match, item 5", 400)

    with peer(handler) as made:
        found, left = device.flush_to(folder, made.url, 20, 3)
    for result, text in found:
        assert result == kept(20, "ServiceError")
        assert "entries in a row were refused" in text and "Signature does not match" in text
    assert left == [f"{i:08}.ent" for i in range(1, 21)]


@FEW
@pytest.mark.parametrize("status", [200, 400, 409, 500])
def test_already_exists_said_once_is_asked_for_each(device, folder, status):
    """Of five entries the service has one; of a batch it says only that."""
    asked = []

    def handler(made, connection, number):
        while request := made.take(connection):
            names = [f"wave.{i}.cbor" for i in range(5) if b'filename="wave.%d.cbor"' % i in request.body]
            asked.append(names)
            if "wave.3.cbor" in names:
                connection.reply("An item with this hash already exists (ids: 77)", status)
            else:
                connection.reply(stored(*names))

    with peer(handler) as made:
        [(result, _)], left = device.flush_to(folder, made.url, 5)
    assert asked == [[f"wave.{i}.cbor" for i in range(5)], *([f"wave.{i}.cbor"] for i in range(5))]
    if status < 500:
        assert (result, left) == (Flushed(stored=4, duplicates=1)[:6], [])
    else:
        assert (result, left) == (Flushed(stored=4, kept=1, error="ServiceError")[:6], ["00000004.ent"])


@FEW
def test_rejected_entries_can_be_taken_back(device, folder):
    first, left, count, between, again, names = device.reject_and_retry(folder)
    assert first == Flushed(stored=2, rejected=1)
    assert left == ["rejected/00000002.ent", "rejected/00000002.txt"]
    assert (count, between) == (1, (1, True))
    assert (again, names) == (Flushed(stored=1), ["wave.1.cbor"])


@FEW
def test_two_objects_are_one_spool(device, folder):
    counts, after, names, left = device.two_objects(folder)
    assert counts == ((4, 4), True)
    assert (after, names, left) == ((0, 0), [f"wave.{i}.cbor" for i in range(4)], [])


@FEW
def test_an_item_that_is_larger_than_the_spool(device, folder):
    text = device.put_too_large(folder)
    assert "max_bytes=1000" in text and "flush" not in text


@pytest.mark.modes("mpy")
@pytest.mark.parametrize("kind", ["equal names", "metadata", "labels"])
def test_the_cost_does_not_grow_with_the_number_of_entries(device, folder, kind):
    found = {}
    for count in (10, 1000):
        of_put, (of_drop, dropped), entries, sent, listed, opened = device.costs(f"{folder}-{count}", count, kind)
        assert of_put == 0 and sent == entries > count - 9 and dropped >= 1
        assert opened <= 3 * entries
        assert listed <= entries + entries // 8 + 4  # each name once, and those of the folders
        found[count] = of_drop / dropped
    assert found[1000] <= 16 and found[1000] <= 4 * found[10] + 16


TIMES = {
    "the same second": [1_795_318_316] * 3,
    "backwards": [1_795_318_316, 1_795_318_300, 1_795_318_200],
    "forwards": [1_795_318_316, 1_895_318_316, 1_895_318_316],
    "set meanwhile": [5, 5, 1_795_318_316],
    "a clock that was years ahead": [1_995_318_316, 1_795_318_316, 1_795_318_316],
}


@FEW
@pytest.mark.parametrize("name", TIMES)
def test_signed_samples_with_equal_values_are_all_stored(device, folder, name):
    result, bodies = device.put_at(folder, TIMES[name], KEY)
    times = [cbor2.loads(body)["protected"].get("iat") for body in bodies]
    count = 2 if None in times else 3  # without a clock there is no `iat`, and equal bytes are one sample
    assert result[:2] == (count, 3 - count) and result[6] == 3 - count
    known = [time for time in times if time is not None]
    assert len(set(known)) == len(known)
    for time, clock in zip(times, TIMES[name], strict=True):
        assert time is None or abs(time - clock) <= 121


@FEW
@pytest.mark.parametrize("seconds", [(5, 1_795_318_316), (1_795_318_316, 5), (1_795_318_316, 1_895_318_316)])
def test_lazy_signed_items_while_the_clock_is_set(device, tmp_path, seconds):
    with running(tmp_path / "service", hmac_key=KEY) as service:
        count, duplicates = device.upload_while_the_clock_is_set(service.url, KEY, seconds)
        rows = service.rows()
    assert count == 3 and {row["signature"] for row in rows} == {"valid"}
    assert len(rows) == 3 - sum(duplicates) == (3 if seconds[0] > 5 else 1)


@FEW
def test_other_tasks_run_while_entries_are_read(device, folder):
    """Reading the 64 entries of a request takes a board a good part of a second."""
    stored_count, runs = device.others_while_entries_are_read(folder, 100)
    assert stored_count == 100 and runs >= 100


@FEW
def test_an_entry_is_not_overwritten_after_an_interrupted_put(device, folder):
    assert device.put_interrupted(folder) == ["wave.0.cbor", "wave.1.cbor"]
