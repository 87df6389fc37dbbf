"""The pytest plugin: the suite as plain pytest, on any adapter, with or without xdist.

What a test has found out travels with its report, so every worker's results reach the one place
where they are written, once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from conformance.examine import Target
    from reports.events import ResultEvent, TestFinished

PROPERTY: Final = "kubelaws"
"""Under this name a test's result events travel with its report."""

MEMBER: Final = "kubelaws-suite"
"""Under this name a test's report says that it is one of the suite."""


TARGET: Final = pytest.StashKey["Target"]()
"""Where the engine under judgement is kept."""


class Hooks:
    """What other plugins may listen to."""

    def pytest_kubelaws_event(self, event: ResultEvent) -> None:
        """A result event, once, on the controller; in order of arrival."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Makes result events a hook."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the suite; without them it runs against the embedded simulator."""
    group = parser.getgroup("kubelaws", "conformance to the documented law of Kubernetes Pods")
    group.addoption(
        "--adapter",
        help="engine to judge: simulator, python:module:Factory, process:./engine --flag, or a name",
    )
    group.addoption(
        "--profile",
        choices=("documented", "v1.36"),
        help="what to judge by; default: what the adapter asks for",
    )
    group.addoption("--rule", action="append", default=[], help="only this rule (repeatable)")
    group.addoption("--area", action="append", default=[], help="only this area (repeatable)")
    group.addoption(
        "--functions-only",
        action="store_true",
        help="check the pure functions that the engine serves, and nothing else of it",
    )
    group.addoption(
        "--budget",
        default="standard",
        choices=("quick", "standard", "deep", "full"),
        help="how much to draw, and on a real clock how long to wait",
    )
    group.addoption("--kubelaws-seed", type=int, default=0, help="another seed, other draws")
    group.addoption("--known-failures", metavar="FILE", help="TOML of violations that are known")
    group.addoption("--kubelaws-report", metavar="DIR", help="write the reports there")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker by which tests name their rules."""
    config.addinivalue_line("markers", "rules(*ids): the rules that a test of the suite examines")
    config.addinivalue_line("markers", "function(name): the function that a test asks")
    config.addinivalue_line("markers", "machine: a drawn run of a subject's operations")
    if not hasattr(config, "workerinput"):
        _refuse_bad_options(config)
        config.pluginmanager.register(Recorder(config), "kubelaws-recorder")


def _refuse_bad_options(config: pytest.Config) -> None:
    """Says what is wrong with an option before anything runs; costs nothing where none is given."""
    if any(map(config.getoption, ("--rule", "--area", "--known-failures"))):
        from conformance.selection import refuse_bad_options

        refuse_bad_options(config)
    if config.getoption("--adapter") or config.getoption("--functions-only"):
        target_of(config)


def target_of(config: pytest.Config) -> Target:
    """The engine under judgement, opened once a process and only when it is asked for."""
    if TARGET not in config.stash:
        from conformance.selection import open_target

        config.stash[TARGET] = open_target(config)
    return config.stash[TARGET]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Closes the engine, if it was opened."""
    target = config.stash.get(TARGET, None)
    if target is not None:
        from conformance.targets import close

        if target.implementation.clock == "real":
            from conformance.realtime.suite import stop

            stop(config)
        close(target.adapter, target.spec)


@pytest.fixture(scope="session")
def kubelaws_memory() -> Iterator[None]:
    """Memory as it is looked after while the tests of the suite run."""
    from conformance.garbage import seldom_collected

    with seldom_collected():
        yield


@pytest.fixture
def kubelaws(request: pytest.FixtureRequest) -> Any:
    """Examines scenarios on behalf of one test and reports what came of it."""
    from conformance.examiner import Examiner

    request.getfixturevalue("kubelaws_memory")
    return Examiner(target_of(request.config), request.node)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks the tests of the suite, and keeps those of the selected rules and areas."""
    for item in items:
        if "kubelaws" in getattr(item, "fixturenames", ()):
            item.user_properties.append((MEMBER, True))
    # What takes longest begins first, so that no worker is left alone with it at the end.
    items.sort(key=lambda item: item.get_closest_marker("machine") is None)
    rules = {identifier.upper() for identifier in config.getoption("--rule")}
    areas = {area.upper() for area in config.getoption("--area")}
    functions_only = config.getoption("--functions-only")
    if not (rules or areas or functions_only):
        return
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        marked = rules_of(item)
        asks = item.get_closest_marker("function") is not None
        selected = True
        if (rules or areas) and (marked or asks):  # there are functions of which no rule speaks
            selected = any(_selected(rule, rules, areas) for rule in marked)
        if item.get_closest_marker("machine") is not None:
            selected = not rules and bool(areas) and selected
        if functions_only and "kubelaws" in getattr(item, "fixturenames", ()):
            selected = selected and asks
        (kept if selected else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def rules_of(item: pytest.Item) -> tuple[str, ...]:
    """The rules that a test names."""
    return tuple(rule for marker in item.iter_markers("rules") for rule in marker.args)


def _selected(rule: str, rules: set[str], areas: set[str]) -> bool:
    return rule in rules or rule.rpartition("-")[0] in areas


def _crash(report: pytest.TestReport) -> str:
    """What broke in a test that says nothing of its own: the error and where it was raised."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:
        lines = str(report.longrepr).strip().splitlines() or ["no reason given"]
        return lines[-1][:300]
    return f"{crash.path}:{crash.lineno}: {crash.message.splitlines()[0]}"


class Recorder:
    """Turns pytest's reports into the result stream, on the one process that sees them all.

    A run begins with the first report of a test of the suite; what was said before waits for it.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.began = 0.0
        self.tests = 0
        self.done = 0
        self.started = False
        self.waiting: list[ResultEvent] = []
        self.events: list[ResultEvent] = []
        self.ends: dict[str, TestFinished] = {}
        self.error = ""

    def say(self, event: ResultEvent) -> None:
        """Hands an event to everyone who listens, once the run has begun."""
        if not self.started:
            self.waiting.append(event)
            return
        self.events.append(event)
        self.config.hook.pytest_kubelaws_event(event=event)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """How many tests there are to run."""
        self.tests = self.tests or len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """The same, where workers collect."""
        self.tests = len(ids)

    def begin(self) -> None:
        """Says that the run has started, and then what had waited for it."""
        from conformance.selection import run_started

        self.started = True
        self.began = time.monotonic()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.say(run_started(self.config, target_of(self.config), self.tests, now))
        for event in self.waiting:
            self.say(event)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        from reports.events import TestStarted

        self.say(TestStarted(nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has said what it found out; or, as the last thing, the worker that ran it died."""
        from reports.events import from_data

        died = report.when not in ("setup", "call", "teardown")
        self.done += died or report.when == "teardown"
        properties: list[tuple[str, Any]] = list(report.user_properties)
        if not died and (MEMBER, True) not in properties:
            return
        if not self.started:
            self.begin()
        found = [from_data(value) for name, value in properties if name == PROPERTY]
        if report.when == "call":
            for event in found:
                self.say(event)
        self._ends(report, broken=report.failed and not (report.when == "call" and found))
        if died or report.when == "teardown":
            self.say(self.ends.pop(report.nodeid))

    def _ends(self, report: pytest.TestReport, *, broken: bool) -> None:
        """How a test ends, phase by phase; what went wrong in one phase the next does not mend."""
        from reports.events import TestFinished

        before = self.ends.get(report.nodeid, TestFinished(report.nodeid, "passed", 0.0))
        outcome, reason = before.outcome, before.reason
        if broken:
            outcome, reason = "error", _crash(report)
        elif outcome == "passed" and not report.passed:
            outcome = report.outcome
            reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
        seconds = before.seconds + report.duration
        self.ends[report.nodeid] = TestFinished(report.nodeid, outcome, seconds, reason)

    def pytest_keyboard_interrupt(self) -> None:
        """On a real clock scenarios run ahead of the tests that tell of them; what they showed is kept."""
        target = self.config.stash.get(TARGET, None)
        if target is not None and target.implementation.clock == "real":
            from conformance.realtime.suite import untold

            for event in untold(self.config, target):
                self.say(event)

    def pytest_internalerror(self, excrepr: object) -> None:
        """pytest itself broke."""
        self.error = str(excrepr).splitlines()[-1]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """The run has ended, whole or cut short; the reports are written where they were wanted."""
        if not self.started:
            return
        from reports.events import RunFinished

        cut = exitstatus == pytest.ExitCode.INTERRUPTED or self.done < self.tests
        self.say(RunFinished(time.monotonic() - self.began, cut, self.error))
        if directory := self.config.getoption("--kubelaws-report"):
            from pathlib import Path

            from conformance.saved import replayable, write_reports

            where, profile = Path(directory), target_of(self.config).profile
            write_reports((replayable(event, where, profile) for event in self.events), where)
