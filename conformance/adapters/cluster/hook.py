"""Access to nodes by a command of the user's: ``ssh {node}`` and what is to be done there.

The hook is split as a shell splits words, ``{node}`` is replaced by the node's name, and the action is
added as one more word: ``ssh {node}`` becomes ``ssh node-1 'systemctl restart kubelet'``.
"""

from __future__ import annotations

import base64
import posixpath
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

SERVED: Final = ("kubelet-restart", "node-fault", "static-pods")
TIMEOUT: Final = 120.0


def writing(file: str, text: str) -> str:
    """The action that writes a file, as a whole: what it was written to is hidden until then."""
    folder, name = posixpath.split(file)
    there, hidden = shlex.quote(folder), shlex.quote(f"{folder}/.{name}.new")
    coded = base64.b64encode(text.encode()).decode()
    return (
        f"mkdir -p {there} && echo {coded} | base64 -d >{hidden} && mv {hidden} {shlex.quote(file)}"
    )


def removing(file: str) -> str:
    """The action that removes a file."""
    return f"rm -f {shlex.quote(file)}"


def clearing(folder: str, start: str) -> str:
    """The action that removes all files of a folder whose names begin so, hidden ones too."""
    there = shlex.quote(folder)
    return f"rm -rf {there}/{start}* {there}/.{start}*"


def run(hook: str, node: str, action: str) -> None:
    """Does it, and waits until it is done.

    Raises:
        AdapterError: the hook could not be run, or failed; with what it said last.
    """
    words = [word.replace("{node}", node) for word in shlex.split(hook)]
    try:
        done = subprocess.run(
            [*words, action], capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AdapterError(f"node hook: {' '.join(str(error).split())}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise AdapterError(f"node hook ended with {done.returncode}: {said[-1]}")
