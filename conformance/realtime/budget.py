"""How long a run on a real clock may wait."""

from __future__ import annotations

import math
from typing import Final

from attrs import frozen


@frozen
class Patience:
    """What one scenario may take.

    Attributes:
        wait: seconds of the longest single wait, such as a back-off.
        whole: seconds of the whole scenario, as the simulator foretells it.
        examples: of each scenario, where more than one is needed to meet its rules; drawn sequences too.
        operations: of a drawn sequence.
    """

    wait: float
    whole: float
    examples: int
    operations: int


PATIENCE: Final = {
    "quick": Patience(wait=30.0, whole=90.0, examples=1, operations=12),
    "standard": Patience(wait=120.0, whole=420.0, examples=1, operations=20),
    "full": Patience(wait=math.inf, whole=3600.0, examples=2, operations=30),
}
"""By budget: ``quick`` waits for no back-off of 40 s, ``standard`` up to that of 80 s, ``full`` for all."""
