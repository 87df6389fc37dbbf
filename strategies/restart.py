"""What decides on a restart: policies of Pods and of containers, their rules, and exit codes."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from strategies.manifests import Manifest, container, pod
from strategies.once import among, once
from strategies.pods import exit_codes, policies

own_policies: Final = st.sampled_from(["Never", "OnFailure", "Always"])
"""restartPolicy of a container."""


@once
@st.composite
def rules(draw: st.DrawFn, action: str = "Restart") -> Manifest:
    """One of ``restartPolicyRules``, about exit codes that are likely to be drawn."""
    values = draw(st.sampled_from([[42], [0], [1, 42], [1, 137], []]))
    return {
        "action": action,
        "exitCodes": {"operator": draw(among("In", "NotIn")), "values": values},
    }


@once
@st.composite
def own_restarts(draw: st.DrawFn, action: str = "Restart") -> Manifest:
    """``restartPolicy`` and perhaps ``restartPolicyRules`` of a container."""
    listed = draw(st.lists(rules(action), max_size=2))
    return {
        "restartPolicy": draw(own_policies),
        **({"restartPolicyRules": listed} if listed else {}),
    }


@once
@st.composite
def questions(draw: st.DrawFn, *, own: bool = True) -> dict[str, Any]:
    """Arguments of the function ``container.should_restart``; some Pods are being deleted."""
    metadata = {"deletionTimestamp": "2024-05-01T00:00:00Z"} if draw(st.booleans()) else {}
    more = draw(own_restarts()) if own and draw(st.booleans()) else {}
    asked = pod(containers=[container("c", **more)], policy=draw(policies), metadata=metadata)
    return {"pod": asked, "container": "c", "exit_code": draw(exit_codes | st.just(42))}
