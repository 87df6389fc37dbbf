"""Hollow nodes: Nodes without machines, whose kubelet is played by the adapter.

Scheduler and controllers cannot tell them from real ones: they are registered, give signs of life,
and report their Pods as running at once. Nothing runs in those Pods, so no rule of containers can be
shown; but nodes can be made, stopped and deleted at will. A bare control plane is enough.
"""

from typing import Final

SERVED: Final = ("kubelet", "nodes", "node-fault")
"""What hollow nodes give beside the control plane."""
