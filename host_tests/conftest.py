"""Fixtures of all tests: `worker` runs firmware code in every mode, `workers` gives a special one."""

import os
from collections import Counter

import pytest
from hypothesis import configuration, settings
from support import interpreters, modes
from support.worker import Worker

configuration.set_hypothesis_home_dir(interpreters.ROOT / "build" / "hypothesis")
settings.register_profile("edgeingest", deadline=None, print_blob=True, derandomize=bool(os.environ.get("CI")))
settings.load_profile("edgeingest")


def pytest_addoption(parser):
    parser.addoption("--torture", action="store_true", help="every case of the fault benches, not a sample (minutes)")


def pytest_sessionstart(session):
    try:
        interpreters.micropython()
    except interpreters.Missing as error:
        raise pytest.UsageError(str(error)) from None


def pytest_terminal_summary(terminalreporter):
    """One line for each reason to skip, instead of one for each test; and how many cases the benches went through."""
    cases = Counter()
    for report in terminalreporter.stats.get("passed", ()):
        cases[report.nodeid.split("::")[0]] += dict(report.user_properties).get("cases", 0)
    for file, number in sorted((+cases).items()):
        terminalreporter.write_line(f"{number} cases in {file}")
    reasons = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()))
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} tests: {reason}")


def pytest_generate_tests(metafunc):
    if "worker" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("modes")
        metafunc.parametrize("worker", mark.args if mark else modes.ALL, indirect=True, scope="session")


@pytest.fixture(scope="session")
def torture(request):
    """Whether all cases are asked for, instead of the same few each time."""
    return request.config.getoption("--torture")


@pytest.fixture
def counted(record_property):
    """counted(n): how many cases the test went through, for the summary."""
    return lambda number: record_property("cases", number)


@pytest.fixture(scope="session")
def workers():
    """workers("py", heapsize="64K", paths=[...], env={...}): a worker with these options, started once a session."""
    pool = {}

    def get(mode, **options):
        if mode in interpreters.WASM:
            try:
                interpreters.wasm(mode)
            except interpreters.Missing as error:
                pytest.skip(str(error))
        key = (mode, repr(sorted(options.items())))
        if key not in pool:
            pool[key] = Worker(mode, **options)
        return pool[key]

    yield get
    for worker in pool.values():
        worker.close()


@pytest.fixture(scope="session")
def worker(request, workers):
    """An interpreter with the firmware on its path, in each mode of @pytest.mark.modes(...) or in all of them."""
    return workers(request.param)
