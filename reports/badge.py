"""A small SVG badge: ``kubelaws v1.36 | conforms 231/231``."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

from reports.verdicts import Outcome, RunSummary, Verdict

COLOURS: Final[Mapping[Outcome, str]] = {
    Outcome.CONFORMS: "#1a7f4b",
    Outcome.KILLED: "#1a7f4b",
    Outcome.VIOLATES: "#c0392b",
    Outcome.SURVIVED: "#c0392b",
    Outcome.ERROR: "#8a6d00",
    Outcome.INCOMPLETE: "#6b7280",
}
LETTER: Final = 6.6


def badge(run: RunSummary) -> str:
    """The badge of one run: what passed, out of what could have been checked."""
    name, says = f"kubelaws {run.started.profile}", _message(run)
    left, right = (LETTER * len(text) + 14 for text in (name, says))
    title = escape(f"{name}: {says}")
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right:.0f}" height="20" '
            f'role="img" aria-label="{title}"><title>{title}</title>',
            f'<clipPath id="r"><rect width="{left + right:.0f}" height="20" rx="4"/></clipPath>',
            f'<g clip-path="url(#r)"><rect width="{left:.0f}" height="20" fill="#374151"/>',
            f'<rect x="{left:.0f}" width="{right:.0f}" height="20" fill="{COLOURS[run.outcome]}"/>',
            "</g>",
            '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" '
            'text-anchor="middle">',
            _text(left / 2, left, name),
            _text(left + right / 2, right, says),
            "</g></svg>\n",
        ]
    )


def _text(middle: float, width: float, text: str) -> str:
    """Text made to fit, whatever the reader's font is as wide as."""
    return (
        f'<text x="{middle:.1f}" y="14" textLength="{width - 14:.0f}" '
        f'lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
    )


def _message(run: RunSummary) -> str:
    if run.outcome in (Outcome.KILLED, Outcome.SURVIVED):
        return f"mutants killed {run.kills.blamed}/{len(run.kills.rows)}"
    if run.outcome in (Outcome.ERROR, Outcome.INCOMPLETE):
        return run.outcome
    counts = run.counts
    out_of_reach = counts[Verdict.UNSUPPORTED] + counts[Verdict.PLANNED]
    return f"{run.outcome} {counts[Verdict.PASSED]}/{len(run.results) - out_of_reach}"
