"""Every report of a stream into one directory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reports.badge import badge
from reports.events import ResultEvent
from reports.folding import fold
from reports.html import html
from reports.json_report import dumps
from reports.junit import junit
from reports.markdown import bug_report, summary
from reports.ndjson import write
from reports.verdicts import RunSummary, labels
from spec_model.rules import Rule

if TYPE_CHECKING:
    from reports.graph import Graph


def write_all(
    stream_events: Iterable[ResultEvent],
    directory: Path,
    *,
    lifecycles: Mapping[str, Graph] | None = None,
    rules: Mapping[str, Rule] | None = None,
) -> tuple[Path, ...]:
    """Writes every format of a stream and returns the paths, the page first.

    Args:
        lifecycles: the graphs that the page draws.
        rules: the registry, by default the real one.

    Raises:
        StreamError: the events make no run.
        OSError: the directory cannot be written.
    """
    events = tuple(stream_events)
    runs = fold(events, rules)
    texts = {
        "report.html": html(runs, lifecycles),
        "report.json": dumps(runs),
        "junit.xml": junit(runs),
        "summary.md": summary(runs),
    }
    for run, label in zip(runs, labels(runs), strict=True):
        name = _file_name(label)
        texts[f"badge-{name}.svg"] = badge(run)
        texts |= {f"violations/{name}/{file}": text for file, text in _bug_reports(run).items()}
    paths = tuple(_write(directory / name, text) for name, text in texts.items())
    stream = directory / "stream.ndjson"
    write(events, stream)
    return (*paths, stream)


def _bug_reports(run: RunSummary) -> dict[str, str]:
    return {
        f"{result.rule.id}-{number}.md": bug_report(run, result, violation)
        for result in run.violated
        for number, violation in enumerate(result.violations, 1)
    }


def _file_name(label: str) -> str:
    return label.replace(" #", "-").replace("/", "-")


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
