"""Pods of a StatefulSet as the model looks at them."""

from __future__ import annotations

from spec_model.objects import Pod
from spec_model.objects import pod as viewed


def place(
    ordinal: int,
    revision: str = "r1",
    *,
    phase: str = "Running",
    ready: bool = True,
    going: bool = False,
) -> Pod:
    """The Pod with that ordinal."""
    marks = {"deletionTimestamp": "2024-05-01T10:00:00Z"} if going else {}
    return viewed(
        {
            "metadata": {
                "name": f"web-{ordinal}",
                "namespace": "default",
                "labels": {"controller-revision-hash": revision},
                **marks,
            },
            "spec": {},
            "status": {
                "phase": phase,
                "conditions": [{"type": "Ready", "status": str(ready)}],
            },
        }
    )
