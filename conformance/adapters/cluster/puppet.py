"""What runs in the containers: a shell script that obeys orders, and how orders reach it.

It needs a POSIX shell, ``mkdir rm mkfifo sleep dd`` and a writable /tmp, as busybox has. What can be
known beforehand is baked into the command (``ignore-term``); the rest is told through ``exec``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

SCRIPT: Final = files(__package__).joinpath("puppet.sh").read_text(encoding="utf-8")
TELL: Final = """
d="${KUBELAWS_PUPPET:-/tmp/.kubelaws}"; n="$0"; i=0
until [ -p "$d/sink" ]; do i=$((i+1)); [ $i -gt 100 ] && exit 7; sleep 0.1 2>/dev/null || sleep 1; done
echo "$n $1" >"$d/orders"
while read -r number word; do [ "$number" = "$n" ] && break; done <"$d/answers"
echo "$number $word"
"""
"""Tells the puppet one thing and prints its answer; ``$0`` is the number of the order, ``$1`` the order."""

HELD: Final = 'head -c 1 "${KUBELAWS_PUPPET:-/tmp/.kubelaws}/sink" >/dev/null; echo held'
"""Waits until what was to be allocated is resident."""

LOOK: Final = """
echo "oom_score_adj $(cat /proc/1/oom_score_adj)"
echo "MemTotal $(sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo)"
echo "cpus $(grep -c ^processor /proc/cpuinfo)"
g=/sys/fs/cgroup
say() { [ -r "$2" ] && echo "$1 $(cat "$2")"; }
say cpu.max $g/cpu.max; say cpu.weight $g/cpu.weight; say memory.max $g/memory.max
for c in "$g/cpu" "$g/cpu,cpuacct"; do
  say cpu.shares "$c/cpu.shares"; say quota "$c/cpu.cfs_quota_us"; say period "$c/cpu.cfs_period_us"
done
say limit "$g/memory/memory.limit_in_bytes"
:
"""
"""Prints what a process in the container sees of its limits, a line each; cgroup v2 or v1."""

BAKED: Final = re.compile(r"(ready|unready|ignore-term|(end-after|end-with|exit|sleep)=\d+)")
"""Orders that may stand in the command."""


def command(*orders: str) -> list[str]:
    """The command of a container that is a puppet, with what it does from the start.

    Raises:
        ValueError: an order is none that can be baked in.
    """
    for order in orders:
        if not BAKED.fullmatch(order):
            raise ValueError(f"{order!r} is no order that a puppet can be made with")
    return ["/bin/sh", "-c", SCRIPT, "puppet", *orders]


def is_puppet(container: Mapping[str, Any]) -> bool:
    """Whether a container runs the puppet."""
    given = container.get("command")
    return isinstance(given, list) and given[2:3] == [SCRIPT]


def tell(number: int, order: str) -> list[str]:
    """The command that, run in the container, gives an order and prints ``number heard``."""
    return ["/bin/sh", "-c", TELL, str(number), order]


def parse_look(text: str) -> dict[str, Any]:
    """What ``LOOK`` printed, as ``inspect`` answers: ``oom_score_adj``, ``cgroup``, ``proc``."""
    found = dict(line.split(" ", 1) for line in text.splitlines() if " " in line)
    cgroup: dict[str, Any] = {}
    for file in ("cpu.max", "memory.max"):
        if file in found:
            cgroup[file] = found[file].strip()
    if "quota" in found:
        budget = "max" if found["quota"].startswith("-") else found["quota"]
        cgroup["cpu.max"] = f"{budget} {found['period']}"
    if "limit" in found:
        cgroup["memory.max"] = found["limit"]
    for file in ("cpu.shares", "cpu.weight"):
        if file in found:
            cgroup[file] = int(found[file])
    return {
        "oom_score_adj": int(found["oom_score_adj"]),
        "cgroup": cgroup,
        "proc": {"MemTotal": int(found["MemTotal"]) * 1024, "cpus": int(found["cpus"])},
    }
