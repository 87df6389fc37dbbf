"""The embedded engine: a Kubernetes cluster in one process, on a virtual clock."""

from conformance.adapters.simulator.adapter import SimulatorAdapter

__all__ = ("SimulatorAdapter",)
