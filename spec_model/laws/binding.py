"""SCHED-008: a node is written once, and never another one."""

from __future__ import annotations

from typing import Final

from spec_model.events import Accepted, Manifest, Rejected, key_of
from spec_model.law import Verdict, expect, law
from spec_model.laws.identity import may_have_gone
from spec_model.laws.validation import latest
from spec_model.objects import EMPTY, Pod
from spec_model.world import HELD, Breach, Done, Held, Seen

RULE: Final = "SCHED-008"
CONFLICT: Final = 409
INVALID: Final = 422


@law(RULE, on="bind")
def a_second_binding_is_refused(done: Done) -> Verdict:
    """409 for a Pod that has a node, which the message names, and for one that is being deleted."""
    key = ("Pod", done.arguments["namespace"], done.arguments["pod"])
    pod: Pod | None = done.world.view(*key)
    if pod is None or not (pod.spec.node_name or pod.deletion_timestamp is not None):
        return None
    if isinstance(done.response, Accepted):
        if may_have_gone(done, key):
            return None
        return Breach("409, for a Pod is bound once and not while it goes", "accepted")
    if done.response.code != CONFLICT:
        return None
    if pod.deletion_timestamp is not None or not done.response.message:
        return HELD
    node = pod.spec.node_name
    what = f'a message that pod {key[2]} is already assigned to node "{node}"'
    return expect(
        f'assigned to node "{node}"' in done.response.message, what, done.response.message
    )


@law(RULE, on="patch Pod")
def a_patch_does_not_move_a_pod(done: Done) -> Verdict:
    """spec.nodeName of a Pod with a node cannot be patched."""
    given = done.arguments
    if given.get("subresource"):
        return None
    return _moved(done, given["patch"].get("spec"))


@law(RULE, on="replace Pod")
def a_replacement_does_not_move_a_pod(done: Done) -> Verdict:
    """Nor by a PUT of the whole Pod."""
    return _moved(done, done.arguments["object"].get("spec"))


def _moved(done: Done, wanted: Manifest | None) -> Held | Breach | None:
    given = done.arguments
    key = (
        key_of(given["object"]) if "object" in given else ("Pod", given["namespace"], given["name"])
    )
    old = latest(done.world, key)
    node = ((old or EMPTY).get("spec") or EMPTY).get("nodeName")
    if not node or not isinstance(wanted, dict) or wanted.get("nodeName") in (None, node):
        return None
    if isinstance(done.response, Rejected):
        return HELD if done.response.code == INVALID else None
    stored = done.response.value or EMPTY
    shown = (stored.get("spec") or EMPTY).get("nodeName")
    return expect(shown == node, f"node {node} for ever", f"node {shown}")


@law(RULE, on="Pod", when=("edited", "gone"))
def a_node_is_written_once(seen: Seen) -> Verdict:
    """From none to one, unless the Pod is being deleted; said of a Pod at its end."""
    before, pod = seen.before, seen.now
    if before is None:
        return None
    if before.spec.node_name != pod.spec.node_name:
        if before.spec.node_name:
            shown = f"node {pod.spec.node_name or 'none'}"
            return Breach(f"node {before.spec.node_name} for ever", shown)
        if before.deletion_timestamp is not None and seen.type != "DELETED":
            return Breach("no node for a Pod that is being deleted", f"node {pod.spec.node_name}")
    return HELD if seen.type == "DELETED" and pod.spec.node_name else None
