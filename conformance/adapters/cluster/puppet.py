"""What runs in the containers: a shell script that obeys orders, and how orders reach it.

It needs a POSIX shell and small tools, as busybox has them; where ports are listened at, busybox's ``nc``.
What is known beforehand is baked into the command, the rest is told through ``exec``. What is to hold
in all runs of a container lies in a directory that outlives them (``dressing``).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

SCRIPT: Final = files(__package__).joinpath("puppet.sh").read_text(encoding="utf-8")
SERVE: Final = files(__package__).joinpath("serve.sh").read_text(encoding="utf-8")
PLACE: Final = "/kubelaws"
"""Where puppets keep what is to hold; each container has a directory of its name there."""

TELL: Final = """
r="${KUBELAWS_RUN:-/tmp/.kubelaws}"; n="$0"; i=0
until [ -p "$r/sink" ]; do i=$((i+1)); [ $i -gt 100 ] && exit 7; sleep 0.1 2>/dev/null || sleep 1; done
echo "$n $1" >"$r/orders"
while read -r number word; do [ "$number" = "$n" ] && break; done <"$r/answers"
echo "$number $word"
"""
"""Tells the puppet one thing and prints its answer; ``$0`` is the number of the order, ``$1`` the order."""

HELD: Final = 'head -c 1 "${KUBELAWS_RUN:-/tmp/.kubelaws}/sink" >/dev/null; echo held'
"""Waits until what was to be allocated is resident."""

HOOK: Final = """
until [ -f "$0/up" ]; do sleep 0.1 2>/dev/null || sleep 1; done
read -r seconds code <"$0/$1"
[ "$seconds" = never ] && exec sleep 100000
sleep "$seconds" 2>/dev/null || sleep "${seconds%.*}"
exit "$code"
"""
"""A hook: it takes so long and ends with such a code as the puppet was told."""

WRITE: Final = '{ mkdir -p "${0%/*}" && printf %s "$1" >"$0" && echo done; } 2>&1'
"""Writes a file, and says that it is done or why not."""

REACH: Final = 'nc -w 3 "$0" "$1" </dev/null >/dev/null 2>&1 && echo reached || echo refused'
"""Tries whether somebody listens at a host and port."""

LOOK: Final = """
read -r p <"${KUBELAWS_RUN:-/tmp/.kubelaws}/pid"
hex() { od -An -v -tx1 "$1" | tr -d ' \\n'; }
room() { set -- $(stat -f -c '%b %S' "$1"); echo $(($1 * $2)); }
echo "oom_score_adj $(cat /proc/$p/oom_score_adj)"
echo "MemTotal $(sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo)"
echo "cpus $(grep -c ^processor /proc/cpuinfo)"
g=/sys/fs/cgroup
say() { [ -r "$2" ] && echo "$1 $(cat "$2")"; }
say cpu.max $g/cpu.max; say cpu.weight $g/cpu.weight; say memory.max $g/memory.max
for c in "$g/cpu" "$g/cpu,cpuacct"; do
  say cpu.shares "$c/cpu.shares"; say quota "$c/cpu.cfs_quota_us"; say period "$c/cpu.cfs_period_us"
done
say limit "$g/memory/memory.limit_in_bytes"
echo "pid $p"
for n in net ipc pid; do echo "ns.$n $(readlink /proc/$p/ns/$n)"; done
echo "ip $(ip -4 addr show scope global 2>/dev/null | sed -n 's|.*inet \\([0-9.]*\\).*|\\1|p' | head -n 1)"
echo "env $(hex /proc/$p/environ)"
for m in "$@"; do
  size=
  while read -r _ at type _; do
    [ "$at" != "$m" ] || [ "$type" != tmpfs ] || size="$(room "$m")"
  done </proc/mounts
  echo "mount $(printf %s "$m" | hex -) $(stat -L -c %a "$m") $size"
  find -L "$m" -type f ! -path '*/..*' 2>/dev/null | while read -r f; do
    echo "file $(printf %s "$f" | hex -) $(hex "$f")"
  done
done
:
"""
"""Prints what a process in the container sees, a line each: limits (cgroup v2 or v1), namespaces, its
address and environment, and the files below the paths that are its arguments, with the mode of each path
and the size of what is a tmpfs."""

NAMESPACES: Final = {"net": "network", "ipc": "ipc", "pid": "pid"}

BAKED: Final = re.compile(
    r"probe (liveness|readiness|startup) (exec|http|tcp|grpc) \d+ \S+"
    r"|hook (postStart|preStop) (never|[\d.]+) \d+"
    r"|stop (never|[\d.]+) \d+"
)
"""Orders that may stand in the command."""

FIXED: Final = 6
"""So many words of a puppet's command come before its orders."""


def command(name: str, *orders: str, asked: Sequence[str] = ()) -> list[str]:
    """The command of a container that is a puppet, with what holds from the start.

    ``asked`` is the command that the scenario gave; it is carried along, and not run.

    Raises:
        ValueError: an order is none that can be baked in.
    """
    for order in orders:
        if not BAKED.fullmatch(order):
            raise ValueError(f"{order!r} is no order that a puppet can be made with")
    serves = any(order.startswith("probe") and " exec " not in order for order in orders)
    serve = SERVE if serves else ""
    return ["/bin/sh", "-c", SCRIPT, "puppet", name, serve, *orders, "--", *asked]


def is_puppet(container: Mapping[str, Any]) -> bool:
    """Whether a container runs the puppet."""
    given = container.get("command")
    return isinstance(given, list) and given[2:3] == [SCRIPT]


def asked_for(container: Mapping[str, Any]) -> list[str]:
    """The command that the scenario gave to a container that is a puppet; empty where it gave none."""
    given: list[str] = container["command"]
    return given[given.index("--", FIXED) + 1 :]


def home(container: str) -> str:
    """The directory of a container's puppet."""
    return f"{PLACE}/{container}"


def shell(script: str, *words: str) -> list[str]:
    """A script as a command, with what it knows as ``$0``, ``$1`` and so on."""
    return ["/bin/sh", "-c", script, *words]


def tell(number: int, order: str) -> list[str]:
    """The command that, run in the container, gives an order and prints ``number word``."""
    return shell(TELL, str(number), order)


def parse_look(text: str) -> dict[str, Any]:
    """What ``LOOK`` printed, as ``inspect`` answers it."""
    lines = [line.split(" ", 1) for line in text.splitlines() if " " in line]
    found = {key: rest.strip() for key, rest in lines if key not in ("file", "mount")}
    shown: dict[str, Any] = {
        "oom_score_adj": int(found["oom_score_adj"]),
        "cgroup": _cgroup(found),
        "proc": {"MemTotal": int(found["MemTotal"]) * 1024, "cpus": int(found["cpus"])},
        "files": dict(_file(rest) for key, rest in lines if key == "file"),
        "mounts": dict(_mount(rest) for key, rest in lines if key == "mount"),
    }
    if "pid" in found:
        shown["pid"] = int(found["pid"])
    if "env" in found:
        shown["env"] = _environment(bytes.fromhex(found["env"]))
    if found.get("ip"):
        shown["ip"] = found["ip"]
    spaces = {name: found.get(f"ns.{key}") for key, name in NAMESPACES.items()}
    if all(spaces.values()):
        shown["namespaces"] = spaces
    return shown


def _cgroup(found: Mapping[str, str]) -> dict[str, Any]:
    cgroup: dict[str, Any] = {}
    for file in ("cpu.max", "memory.max"):
        if file in found:
            cgroup[file] = found[file]
    if "quota" in found:
        budget = "max" if found["quota"].startswith("-") else found["quota"]
        cgroup["cpu.max"] = f"{budget} {found['period']}"
    if "limit" in found:
        cgroup["memory.max"] = found["limit"]
    for file in ("cpu.shares", "cpu.weight"):
        if file in found:
            cgroup[file] = int(found[file])
    return cgroup


def _file(rest: str) -> tuple[str, Any]:
    """Path and content; as text where it is text."""
    path, _, content = rest.partition(" ")
    return bytes.fromhex(path).decode(), shown_as(bytes.fromhex(content))


def _mount(rest: str) -> tuple[str, dict[str, Any]]:
    """Path, and the mode of what is there with the size of a tmpfs."""
    path, mode, *size = rest.split()
    tmpfs = {"tmpfs": int(size[0])} if size else {}
    return bytes.fromhex(path).decode(), {"mode": mode.zfill(4), **tmpfs}


def shown_as(content: bytes) -> Any:
    """The content of a file: text, or in base64 where it is none."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def _environment(block: bytes) -> dict[str, str]:
    entries = block.decode(errors="replace").split("\0")
    return dict(each.split("=", 1) for each in entries if "=" in each)
