"""The puppet obeys, in whatever POSIX shell this machine has."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.adapters.cluster import puppet

pytestmark = pytest.mark.skipif(
    shutil.which("mkfifo") is None or not Path("/bin/sh").exists(), reason="no POSIX shell here"
)

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    """The environment of a puppet with a directory of its own."""
    return {"PATH": "/usr/bin:/bin", "KUBELAWS_PUPPET": str(tmp_path / "puppet")}


@pytest.fixture
def start(place: dict[str, str]) -> Iterator[Start]:
    """Starts puppets, and ends those that are left."""
    begun: list[subprocess.Popen[bytes]] = []

    def run(*orders: str) -> subprocess.Popen[bytes]:
        begun.append(subprocess.Popen(puppet.command(*orders), env=place))
        return begun[-1]

    yield run
    for each in begun:
        each.kill()
        each.wait()


def tell(place: dict[str, str], order: str, number: int = 1) -> str:
    """What the puppet answers."""
    done = subprocess.run(
        puppet.tell(number, order),
        env=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("code", [0, 3, 137])
def test_it_exits_with_the_code(start: Start, place: dict[str, str], code: int) -> None:
    process = start()
    assert tell(place, f"exit {code}") == "1 heard"
    assert process.wait(timeout=60) == code


def test_it_becomes_ready_and_unready(start: Start, place: dict[str, str]) -> None:
    start()
    sign = Path(place["KUBELAWS_PUPPET"], "ready")
    tell(place, "ready")
    was_ready = sign.exists()
    tell(place, "unready", 2)
    assert (was_ready, sign.exists()) == (True, False)


def test_it_ends_when_it_is_asked_to(start: Start, place: dict[str, str]) -> None:
    process = start()
    tell(place, "ready")
    process.terminate()
    assert process.wait(timeout=60) == 143


def test_it_may_ignore_that(start: Start, place: dict[str, str]) -> None:
    process = start("ignore-term")
    tell(place, "ready")
    process.terminate()
    assert tell(place, "ready", 2) == "2 heard"
    assert process.poll() is None


def test_it_may_take_its_time(start: Start, place: dict[str, str]) -> None:
    process = start()
    tell(place, "end-after 1")
    began = time.monotonic()
    process.terminate()
    process.wait(timeout=60)
    assert time.monotonic() - began > 0.9  # it slept; nothing is said of how fast it was otherwise


def test_it_holds_memory(start: Start, place: dict[str, str]) -> None:
    start()
    tell(place, "allocate 5000000")
    held = subprocess.run(
        ["/bin/sh", "-c", puppet.HELD],
        env=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert held.stdout == "held\n"


def test_an_exit_that_is_baked_in_needs_no_order(start: Start) -> None:
    assert start("exit=9").wait(timeout=60) == 9


def test_an_unknown_order_is_said_to_be_one(start: Start, place: dict[str, str]) -> None:
    start()
    assert tell(place, "dance") == "1 unknown"


def test_what_cannot_be_baked_in_is_refused() -> None:
    with pytest.raises(ValueError, match="dance"):
        puppet.command("dance")


def test_a_look_reads_cgroup_v2() -> None:
    text = (
        "oom_score_adj 985\nMemTotal 1000\ncpus 2\n"
        "cpu.max 50000 100000\ncpu.weight 39\nmemory.max max\n"
    )
    assert puppet.parse_look(text) == {
        "oom_score_adj": 985,
        "cgroup": {"cpu.max": "50000 100000", "memory.max": "max", "cpu.weight": 39},
        "proc": {"MemTotal": 1024000, "cpus": 2},
    }


def test_a_look_reads_cgroup_v1() -> None:
    text = (
        "oom_score_adj 1000\nMemTotal 1000\ncpus 2\n"
        "cpu.shares 2\nquota -1\nperiod 100000\nlimit 67108864\n"
    )
    assert puppet.parse_look(text)["cgroup"] == {
        "cpu.max": "max 100000", "memory.max": "67108864", "cpu.shares": 2,
    }  # fmt: skip
