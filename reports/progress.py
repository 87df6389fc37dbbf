"""What a run looks like while it happens: fed event by event, redrawn in place on a terminal.

Away from a terminal only the violations are printed, as they come, each on its line.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from reports.events import (
    AdapterFailed,
    MutantTried,
    ResultEvent,
    RuleExercised,
    RunFinished,
    RunStarted,
    ScenarioForeseen,
    ScenarioMoved,
    TestFinished,
    TestStarted,
    ViolationFound,
)
from reports.timeline import clock

FRAMES: Final = 8  # a second; more would cost the run its time
STYLES: Final = {"✗": "bold red", "!": "yellow", "≠": "magenta"}


class Progress:
    """The live display; a context manager.

    >>> with Progress(Console()) as progress:  # doctest: +SKIP
    ...     for event in stream:
    ...         progress.feed(event)
    """

    def __init__(self, console: Console, now: Callable[[], float] = time.monotonic) -> None:
        self._console, self._now = console, now
        self._begin(None)
        self._live = Live(
            console=console, refresh_per_second=FRAMES, transient=True, get_renderable=self._draw
        )

    def _begin(self, started: RunStarted | None) -> None:
        self._started, self._since = started, self._now()
        self._known = {entry.rule for entry in started.known_failures} if started else set()
        self._done = self._broken = self._mutants = self._killed = 0
        self._exercised: set[str] = set()
        self._running: dict[str, None] = {}  # in order, and cheap to leave from the middle
        self._told: set[tuple[str, str]] = set()
        self._scenarios: dict[str, tuple[str, float, float]] = {}  # state, since when, foreseen
        self._planning: ScenarioForeseen | None = None

    def feed(self, event: ResultEvent) -> None:
        """Takes one event in; what a person must know at once is printed above the display."""
        match event:
            case RunStarted():
                self._begin(event)
            case TestStarted(test):
                self._running[test] = None
            case TestFinished(test):
                self._running.pop(test, None)
                self._done += 1
            case ScenarioForeseen():
                self._planning = event
            case ScenarioMoved():
                self._moves(event)
            case RuleExercised(rule, count) if count:
                self._exercised.add(rule)
            case ViolationFound():
                self._violation(event)
            case AdapterFailed(test, message):
                self._say("✗", f"{test}: {message}")
            case MutantTried():
                self._mutants += 1
                self._killed += event.killed
            case RunFinished():
                self._running.clear()

    def _moves(self, event: ScenarioMoved) -> None:
        self._planning = None
        if event.state in ("done", "left out"):
            self._scenarios.pop(event.scenario, None)
        else:
            self._scenarios[event.scenario] = event.state, self._now(), event.foreseen

    def _violation(self, event: ViolationFound) -> None:
        excused = event.implementation or event.rule in self._known
        self._broken += not excused
        if (event.rule, event.subject) not in self._told:
            self._told.add((event.rule, event.subject))
            mark = "≠" if event.implementation else "!" if excused else "✗"
            self._say(
                mark, f"{event.rule} {event.subject}: expected {event.expected}, saw {event.seen}"
            )

    def _say(self, mark: str, text: str) -> None:
        line = Text(f"{mark} ", style=STYLES[mark])
        self._console.print(line.append(text, style="default not bold"))

    def _draw(self) -> Group:
        if self._started is None:
            return Group(Text("starting …", style="dim"))
        total = self._started.tests
        line = Table.grid(padding=(0, 1))
        done = f"{self._done}/{total} tests" if total else f"{self._done} tests"
        line.add_row(
            Text(self._started.profile, style="bold"),
            ProgressBar(total=total or None, completed=self._done, width=12, pulse=not total),
            Text(done),
            Text(f"{len(self._exercised)}/{len(self._started.rules)} rules"),
            *self._counters(),
            Text(clock(round(self._now() - self._since)), style="dim"),
        )
        if self._scenarios:
            return Group(line, self._side_by_side())
        current = next(reversed(self._running), "")
        if (planning := self._planning) is not None:
            current = f"planning {planning.number}/{planning.of} {planning.scenario}"
        return Group(line, Text(current, style="dim", overflow="ellipsis", no_wrap=True))

    def _side_by_side(self) -> Table:
        """A line for every scenario that is going on: its state, how long, of how long."""
        table = Table.grid(padding=(0, 1))
        for name, (state, since, foreseen) in self._scenarios.items():
            gone = self._now() - since
            table.add_row(
                ProgressBar(total=max(foreseen, 1.0), completed=gone, width=12),
                Text(f"{clock(round(gone))} of {clock(round(foreseen))}", style="dim"),
                Text(state, style="bold yellow" if state == "confirming" else ""),
                Text(name, overflow="ellipsis", no_wrap=True),
            )
        return table

    def _counters(self) -> list[Text]:
        style = "bold red" if self._broken else "green"
        parts = [Text(f"✗ {self._broken}", style=style)]
        if self._mutants:
            parts.append(Text(f"{self._killed}/{self._mutants} killed"))
        return parts

    def __enter__(self) -> Progress:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()
