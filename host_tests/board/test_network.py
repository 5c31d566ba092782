"""Wi-Fi with a simulated `network` module; the clock with a time server of the test, over real UDP."""

import socket
import struct
import threading
import time

import pytest
from support.bodies import refused
from support.device_source import device_source
from support.interpreters import ROOT

FAKES = str(ROOT / "host_tests" / "fakes")
HOME = "password1"

DEVICE = device_source("board/network_device")


@pytest.fixture(scope="module", params=["py", "native"])
def device(request, workers):
    return workers(request.param, paths=[FAKES]).define(DEVICE)


@pytest.fixture(params=["esp32", "rp2"])
def flavour(request):
    return request.param


def test_the_module_of_the_firmware_is_used(device):
    assert device.module_in_use() == (True, FAKES + "/network.py")


@pytest.mark.parametrize("way", ["from edgeingest import network", "from edgeingest.network import connect"])
def test_a_board_without_wifi_is_an_error(workers, way):
    refused(lambda: workers("py").run(way), "no Wi-Fi", "edgeingest pull", kind="NetworkError")


def test_connect(device, flavour):
    assert device.join(flavour, "home", HOME) == ([("home", HOME)], True, -1)
    assert device.join(flavour, "cafe") == ([("cafe", None)], True, -1)


def test_it_is_tried_again(device, flavour):
    assert device.join(flavour, "home", HOME, [("refusals", 2)]) == ([("home", HOME)] * 3, True, -1)


def test_before_each_upload(device):
    assert device.connect_before_each_upload() == (True, [("home", HOME), ("home", HOME), ("cafe", None)])


def test_country_and_host_name(device):
    assert device.country_and_hostname() == ("DE", "board-1")


@pytest.mark.parametrize(
    ("ssid", "password", "changes", "words"),
    [
        ("home", "password2", [], "the password is wrong"),
        ("office", HOME, [], "no network of this name is in reach"),
        ("home", HOME, [("refusals", 9)], "the access point refused"),
    ],
)
def test_why_it_does_not_connect(device, flavour, ssid, password, changes, words):
    error = refused(lambda: device.join(flavour, ssid, password, changes), repr(ssid), words, kind="NetworkError")
    assert password not in error.trace
    attempts, connected, _, given_up = device.last_join()
    assert len(attempts) == 3 and not connected and given_up
    assert error.errno in (201, 202, 203, -1, -2, -3)


def test_a_radio_that_does_not_start(device):
    """ESP32s raise an OSError with a text in place of a number, or a RuntimeError."""
    for error in ("OSError('WiFi Out of Memory')", "RuntimeError('Wifi Unknown Error 0x0101')"):
        found = refused(
            lambda error=error: device.join_broken(error),
            "'home': cannot connect: error W",
            kind="NetworkError",
        )
        assert found.errno is None


def test_the_radio_is_turned_off(device, flavour):
    """An RP2's takes a call more: its interrupts end a lightsleep() (ports/rp2/modmachine.c:168, :285)."""
    assert device.turned_off(flavour) == ((False, False, flavour == "rp2"), True)


# -- what the drivers leave behind
@pytest.mark.parametrize("stays", [201, 202, 205, 210, 211, 212])
def test_an_esp32_has_still_the_status_of_the_attempt_before(device, stays):
    """It returns that until an address comes: it is no failure of this attempt, which needs its time."""
    fails = [("refusals", 9), ("reason", stays), ("fails_ms", 2000)]
    refused(lambda: device.join("esp32", "home", HOME, fails), kind="NetworkError")
    assert len(device.last_join()[0]) == 3
    attempts, connected, _ = device.join_again("home", HOME, [("refusals", 0), ("address_ms", 3000)])
    assert (attempts, connected) == ([("home", HOME)], True)


def test_the_same_failure_again(device):
    """It is believed after five seconds."""
    refused(lambda: device.join("esp32", "office", HOME, [("fails_ms", 1000)]), "in reach", kind="NetworkError")
    assert len(device.last_join()[0]) == 3
    refused(lambda: device.join_again("office", HOME), "in reach", "status 201", kind="NetworkError")
    assert len(device.last_join()[0]) == 3


def test_a_failure_that_lasts_as_long_as_the_time_allows(device):
    """The reason is in the error of the time limit, too."""
    refused(lambda: device.join("esp32", "office", HOME), kind="NetworkError")
    call = lambda: device.join_again("office", HOME, timeout_ms=3000)  # noqa: E731
    refused(call, "within 3000 ms", "no network of this name is in reach", kind="DeadlineError")


def test_a_network_name_of_32_bytes(device, flavour):
    """An ESP32 returns the password behind it, as part of the name."""
    name = "x" * 30 + "é"
    assert device.join(flavour, name, HOME, [("air", {name: HOME})])[1]
    assert device.join_again(name, HOME)[:2] == ([], True)
    other = "y" * 32
    assert device.join_again(other, HOME, [("air", {other: HOME})])[:2] == ([(other, HOME)], True)


def test_another_network_while_it_is_connected(device, flavour):
    """Until the event of the disconnection has come, the radio says that it is connected: to the network before."""
    device.join(flavour, "home", HOME)
    assert device.join_again("cafe", None, [("leaves_ms", 200), ("address_ms", 500)])[1]
    assert device.connected_to() == "cafe"


def test_a_wrong_password_that_an_rp2_does_not_call_so(device):
    """The access point ends the association (DEAUTH_IND, then DISASSOC): status 0."""
    error = refused(
        lambda: device.join("rp2", "home", "password2", [("deauthenticates", True), ("fails_ms", 3000)]),
        "ended the connection",
        "the password may be wrong",
        kind="NetworkError",
    )
    assert error.errno == 0 and len(device.last_join()[0]) == 3


@pytest.mark.parametrize("error", ["OSError('Wifi Not Started')", "RuntimeError('Wifi Unknown Error 0x0101')"])
def test_a_radio_that_cannot_disconnect(device, error):
    """The error is that of the attempt, or there is none."""
    assert device.join_without_disconnect("home", error) is True
    refused(lambda: device.join_without_disconnect("office", error), "in reach", kind="NetworkError")


@pytest.mark.parametrize("reason", [2, 15])
def test_reasons_of_an_esp32_without_a_name(device, reason):
    """AUTH_EXPIRE and 4WAY_HANDSHAKE_TIMEOUT of ESP-IDF's wifi_err_reason_t; on an RP2040 2 means: no address yet."""
    call = lambda: device.join("esp32", "home", HOME, [("refusals", 9), ("reason", reason)])  # noqa: E731
    error = refused(call, "the password may be wrong", f"status {reason}", kind="NetworkError")
    assert error.errno == reason


def test_no_address_in_time(device, flavour):
    call = lambda: device.join(flavour, "home", HOME, [("address_ms", 60000)], timeout_ms=200)  # noqa: E731
    refused(call, "'home'", "no address within 200 ms", kind="DeadlineError")
    attempts, _, _, given_up = device.last_join()
    assert attempts == [("home", HOME)] and given_up


def test_wrong_time_limits(device):
    for ms in (0, -1, 1 << 28, 0.5, "1", None):
        refused(lambda ms=ms: device.join("rp2", "home", HOME, timeout_ms=ms), "timeout_ms", repr(ms))
        refused(lambda ms=ms: device.set_from(123, timeout_ms=ms), "timeout_ms", repr(ms))


@pytest.mark.parametrize(
    ("ssid", "password", "words"),
    [("", HOME, "ssid"), ("x" * 33, HOME, "ssid"), (None, HOME, "ssid"), ("home", "short77", "password")],
)
def test_wrong_arguments(device, ssid, password, words):
    error = refused(lambda: device.join("rp2", ssid, password), words)
    assert str(password) not in error.trace


# -- the clock

_1900 = 2208988800


def answer(request, seconds, first=0x24, stratum=1, cookie=None, fraction=1 << 31):
    """Returns the answer of a server, RFC 4330 section 4, with its time and the time that the client sent."""
    cookie = request[40:48] if cookie is None else cookie
    return (
        struct.pack(">BBbb", first, stratum, 6, -20)
        + bytes(20)
        + cookie
        + bytes(8)
        + struct.pack(">II", seconds, fraction)
    )


@pytest.fixture
def server():
    """Returns server(*answers) -> port. An answer is a function of the request, or None for none; the last repeats."""
    requests = []

    def serve(*answers, host="127.0.0.1"):
        udp = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((host, 0))

        def run():
            while True:
                try:
                    request, sender = udp.recvfrom(100)
                except OSError:
                    return
                if not request:
                    return
                reply = answers[min(len(requests), len(answers) - 1)]
                requests.append(request)
                if reply:
                    udp.sendto(reply(request), sender)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        serve.stop = lambda: (udp.sendto(b"", udp.getsockname()), thread.join(), udp.close())
        return udp.getsockname()[1]

    serve.requests = requests
    serve.stop = bool
    yield serve
    serve.stop()


def date(seconds):
    """Returns what a machine.RTC is set to at this time."""
    at = time.gmtime(seconds)
    return (at.tm_year, at.tm_mon, at.tm_mday, at.tm_wday + 1, at.tm_hour, at.tm_min, at.tm_sec, 0)


@pytest.mark.parametrize("epoch", [1970, 2000])
@pytest.mark.parametrize(
    "seconds", [1795318316, (1 << 32) - _1900 - 1, (1 << 32) - _1900, (1 << 32) - _1900 + 86400 * 365]
)
def test_the_clock(device, server, seconds, epoch):
    """Before and after 2036-02-07, when the 32 bits of NTP wrap; on ports that count from 1970 and from 2000."""
    port = server(lambda request: answer(request, (seconds + _1900) % (1 << 32)))
    assert device.set_from(port, epoch) == (seconds, date(seconds))
    [request] = server.requests
    assert len(request) == 48 and request[0] == 0x23 and request[1:40] == bytes(39)


NOW = 1795318316 + _1900


@pytest.mark.parametrize(
    "wrong",
    [
        lambda request: answer(request, NOW, cookie=bytes(8)),
        lambda request: answer(request, NOW, stratum=0),
        lambda request: answer(request, NOW, stratum=16),
        lambda request: answer(request, NOW, first=0xE4),
        lambda request: answer(request, NOW, first=0x23),
        lambda request: answer(request, 0, fraction=0),
        lambda request: answer(request, 1577836800 + _1900),
        lambda request: answer(request, NOW)[:47],
    ],
    ids=["not ours", "kiss of death", "stratum 16", "not synchronized", "a client", "no time", "2020", "cut off"],
)
def test_a_wrong_answer_is_ignored(device, server, wrong):
    """The next answer is used; if there is none, the clock is not set."""
    port = server(wrong, lambda request: answer(request, NOW))
    assert device.set_from(port) == (NOW - _1900, date(NOW - _1900))
    assert len({request[40:] for request in server.requests}) == 2
    refused(lambda: device.set_from(1, timeout_ms=300), "127.0.0.1", "within 300 ms", kind="DeadlineError")


def test_an_answer_that_is_lost(device, server):
    port = server(None, lambda request: answer(request, NOW))
    assert device.set_from(port, timeout_ms=5000)[0] == NOW - _1900


def test_a_server_of_which_the_first_address_never_answers(device, server):
    port = server(lambda request: answer(request, NOW))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        assert device.clock_of_several([deaf.getsockname()[1], port], 3000)[0] == NOW - _1900


def test_no_server(device, server):
    refused(lambda: device.set_from(server(None), timeout_ms=200), "no answer", "200 ms", kind="DeadlineError")
    refused(lambda: device.set_from(1, host="no.such.name.invalid", timeout_ms=200), "error", kind="DeadlineError")


def test_a_server_with_an_address_of_ipv6(device, server):
    port = server(lambda request: answer(request, NOW), host="::1")
    assert device.set_from(port, host="::1")[0] == NOW - _1900
