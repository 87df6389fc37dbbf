"""Crash loops: how long runs last, what they end with, and what a kubelet may be told about them.

Boundaries first: a quick exit, a run about as long as its delay, runs around 300 s (from where
housekeeping may cut a wait) and around 600 s (which reset the delay).
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from strategies.once import once

QUICK: Final = (0, 1, 5)
"""Seconds of runs after which the delay only grows."""

RESETTING: Final = (601, 602, 700, 3600)
"""Seconds of runs after which the delay starts anew."""

CUT: Final = (310, 400, 500, 580)
"""Seconds of runs after which housekeeping cuts a wait of 300 s short."""

BOUNDARIES: Final = (0, 1, 9, 10, 11, 299, 300, 301, 400, 500, 590, 599, 600, 601, 700)

quick_runs: Final = st.sampled_from(QUICK)
long_runs: Final = st.sampled_from(RESETTING)
cut_runs: Final = st.sampled_from(CUT)

run_lengths: Final = st.sampled_from(BOUNDARIES) | st.integers(0, 1200)
"""Seconds of any run."""

caps: Final = st.sampled_from([1, 2, 9, 10, 11, 30, 299, 300]) | st.integers(1, 300)
"""Seconds that ``crashLoopBackOff.maxContainerRestartPeriod`` may be."""

caps_out_of_range: Final = st.sampled_from(["0s", "999ms", "301s", "5m1s", "-10s", "1h"])
"""Durations that it may not be (BACKOFF-007)."""


def kubelet_configuration(cap: int | str | None, reduced: bool = False) -> dict[str, Any]:
    """A KubeletConfiguration with that cap, in seconds or as a duration, and the alpha gate."""
    period = f"{cap}s" if isinstance(cap, int) else cap
    return {
        **({} if period is None else {"crashLoopBackOff": {"maxContainerRestartPeriod": period}}),
        **({"featureGates": {"ReduceDefaultCrashLoopBackOffDecay": True}} if reduced else {}),
    }


@once
@st.composite
def backoff_arguments(
    draw: st.DrawFn, *, configured: bool = False, housekeeping: bool | None = None
) -> dict[str, Any]:
    """Arguments of the function ``restart.backoff``: constants, and the runs of one container.

    ``configured`` draws other constants than a kubelet has by default.
    """
    cap = draw(caps) if configured else 300
    runs = draw(st.lists(run_lengths, min_size=1, max_size=12))
    return {
        "base_seconds": min(10, cap),
        "cap_seconds": cap,
        "housekeeping": draw(st.booleans()) if housekeeping is None else housekeeping,
        "runs": [{"run_seconds": seconds} for seconds in runs],
    }
