"""Access to nodes by a command of the user's: ``ssh {node}`` and what is to be done there.

The hook is split as a shell splits words, ``{node}`` is replaced by the node's name, and the action is
added as one more word: ``ssh {node}`` becomes ``ssh node-1 'systemctl restart kubelet'``.
"""

from __future__ import annotations

import shlex
import subprocess
from typing import Final

from conformance.adapter import AdapterError

ACTIONS: Final = {
    "restart-kubelet": "systemctl restart kubelet",
    "stop-node": "systemctl stop kubelet",
    "start-node": "systemctl start kubelet",
}
"""What is done on the node for each verb; a node without its kubelet is as good as stopped."""

SERVED: Final = ("kubelet-restart", "node-fault")
TIMEOUT: Final = 120.0


def run(hook: str, node: str, verb: str) -> None:
    """Does it, and waits until it is done.

    Raises:
        AdapterError: the hook could not be run, or failed; with what it said last.
    """
    words = [word.replace("{node}", node) for word in shlex.split(hook)]
    try:
        done = subprocess.run(
            [*words, ACTIONS[verb]], capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AdapterError(f"node hook: {' '.join(str(error).split())}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise AdapterError(f"node hook ended with {done.returncode}: {said[-1]}")
