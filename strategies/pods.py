"""What Pods are made of, boundaries first."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from strategies.manifests import container

policies: Final = st.sampled_from([None, "Always", "OnFailure", "Never"])
"""restartPolicy; None leaves it to the default."""

failures: Final = st.sampled_from([1, 2, 126, 127, 137, 143, 255])
"""Exit codes other than 0, those of signals among them."""

exit_codes: Final = st.sampled_from([0, 1, 0, 137, 255])
"""Exit codes; success is as likely as failure."""


def two_containers() -> list[dict[str, Any]]:
    """The containers ``c`` and ``d``."""
    return [container("c"), container("d")]
