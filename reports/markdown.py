"""Markdown: one violation as a bug report that is ready to paste, and a run as a summary."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from reports.counterexample import counterexample
from reports.events import ViolationFound
from reports.timeline import Actor, clock, timeline
from reports.verdicts import RuleResult, RunSummary, Verdict, count, labels
from reports.words import INPUT, engine, facts, headline, kills, unchecked


def bug_report(run: RunSummary, result: RuleResult, violation: ViolationFound) -> str:
    """One violation with all that its receiver needs: what, why, how to see it again."""
    rule = result.rule
    parts = [
        f"# {rule.id}: {rule.title}",
        _implementation(run),
        "\n".join(
            _fact(name, text) for name, text in facts(result, violation, run.started.profile)
        ),
        *(_sequence(violation) if counterexample(violation) is None else ()),
        *(("## Replay", _fence(violation.replay, "sh")) if violation.replay else ()),
        "## Reference",
        _reference(result),
        _trace(violation),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _fact(name: str, text: str) -> str:
    if name == INPUT:
        return f"**{name}:**\n\n{_fence(text, 'json')}\n"
    return f"**{name}:** {_inline(text)}  "


def _sequence(violation: ViolationFound) -> Iterator[str]:
    yield "## What was done"
    yield "\n".join(f"{n}. {_inline(line)}" for n, line in enumerate(violation.operations, 1))
    yield "## Timeline"
    yield _fence("\n".join(_timeline(violation)))


def _implementation(run: RunSummary) -> str:
    started = run.started
    return f"{_inline(engine(run))}, profile {started.profile}, seed {started.seed}, {started.tool}"


def _timeline(violation: ViolationFound) -> Iterator[str]:
    for moment in timeline(violation):
        mark = ">>" if moment.breaking else "  "
        arrow = "do " if moment.actor is Actor.TESTER else "see"
        yield f"{mark} {clock(moment.at):>9}  {arrow}  {moment.text}"
        yield from (f"{'':19}{change}" for change in moment.changes)


def _reference(result: RuleResult) -> str:
    rule = result.rule
    rows = [("source document", rule.section), ("Kubernetes", rule.upstream)]
    return "\n".join(f"- {name}: {_inline(text)}" for name, text in rows if text)


def _trace(violation: ViolationFound) -> str:
    lines = "\n".join(json.dumps(line, ensure_ascii=False) for line in violation.trace)
    return f"<details><summary>Trace</summary>\n\n{_fence(lines, 'json')}\n\n</details>"


def summary(runs: Sequence[RunSummary]) -> str:
    """All runs on half a page: headline, counts by area, and what did not pass."""
    return "\n".join(
        line for run, label in zip(runs, labels(runs), strict=True) for line in _run(run, label)
    )


def _run(run: RunSummary, label: str) -> Iterator[str]:
    yield from (f"## {_inline(engine(run))}, {label}", "", f"**{_inline(headline(run))}**", "")
    shown = [verdict for verdict in reversed(Verdict) if run.counts[verdict]]
    yield f"| area | {' | '.join(shown)} |"
    yield f"|---|{'---:|' * len(shown)}"
    for area, results in run.areas.items():
        yield _row(area, count(results), shown)
    yield _row("**all**", run.counts, shown)
    yield ""
    for result in run.results:
        if result.verdict is not Verdict.PASSED:
            title, why = _inline(result.rule.title), _inline(result.why)
            yield f"- **{result.rule.id}** {title}: {result.verdict}, {why}"
    yield from (f"- **error**: {_inline(error)}" for error in run.errors)
    yield from ((f"- {_inline(unchecked(run))}",) if unchecked(run) else ())
    yield from ("", *((kills(run), "") if run.kills.rows else ()))


def _row(name: str, counts: Mapping[Verdict, int], shown: Sequence[Verdict]) -> str:
    return f"| {name} | {' | '.join(str(counts[verdict] or '') for verdict in shown)} |"


def _inline(text: str) -> str:
    """Text that Markdown must take literally, on one line."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))


def _fence(text: str, language: str = "") -> str:
    """A code block; its fence is longer than any run of backticks inside."""
    ticks = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, ticks + 1)
    return f"{fence}{language}\n{text}\n{fence}"
