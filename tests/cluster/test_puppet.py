"""The puppet obeys, in whatever POSIX shell this machine has."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
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
    return {
        "PATH": "/usr/bin:/bin",
        "KUBELAWS_PUPPET": str(tmp_path / "puppet"),
        "KUBELAWS_RUN": str(tmp_path / "run"),
    }


@pytest.fixture
def start(place: dict[str, str]) -> Iterator[Start]:
    """Starts puppets, and ends those that are left, with whatever they have started."""
    begun: list[subprocess.Popen[bytes]] = []

    def run(*orders: str) -> subprocess.Popen[bytes]:
        command = puppet.command("c", *orders)
        begun.append(subprocess.Popen(command, env=place, start_new_session=True))
        return begun[-1]

    yield run
    for each in begun:
        with suppress(ProcessLookupError):
            os.killpg(each.pid, signal.SIGKILL)
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


def test_it_ends_when_it_is_asked_to(start: Start, place: dict[str, str]) -> None:
    process = start()
    tell(place, "hook preStop 0 0")
    process.terminate()
    assert process.wait(timeout=60) == 143


def test_it_may_ignore_that(start: Start, place: dict[str, str]) -> None:
    process = start("stop never 0")
    tell(place, "hook preStop 0 0")
    process.terminate()
    assert tell(place, "hook preStop 0 0", 2) == "2 heard"
    assert process.poll() is None


def test_it_may_take_its_time_and_listens_meanwhile(start: Start, place: dict[str, str]) -> None:
    process = start()
    tell(place, "stop 1 5")
    began = time.monotonic()
    process.terminate()
    assert tell(place, "hook preStop 0 0", 2) == "2 heard"
    assert process.wait(timeout=60) == 5
    assert time.monotonic() - began > 0.9  # it slept; nothing is said of how fast it was otherwise


def test_what_was_said_holds_in_the_next_run(start: Start, place: dict[str, str]) -> None:
    first = start("stop 0 4")
    tell(place, "stop 0 7")
    first.terminate()
    first.wait(timeout=60)
    place["KUBELAWS_RUN"] += "-2"  # pipes are not kept
    second = start("stop 0 4")
    tell(place, "hook preStop 0 0", 2)
    second.terminate()
    assert second.wait(timeout=60) == 7


def probe(place: dict[str, str], kind: str = "liveness") -> int | None:
    """The exit code of an exec probe; None where it cannot be run."""
    script = Path(place["KUBELAWS_PUPPET"], kind)
    if not script.exists():
        return None
    return subprocess.run([script], env=place, timeout=60, check=False).returncode


def test_a_probe_exits_as_it_was_told(start: Start, place: dict[str, str]) -> None:
    start("probe liveness exec 0 1")
    tell(place, "hook preStop 0 0")
    seen = [probe(place)]
    for number, answer in enumerate(("0", "127", "error", "3"), 2):
        tell(place, f"answer liveness {answer} 0", number)
        seen.append(probe(place))
    assert seen == [1, 0, 127, None, 3]


def test_a_hook_waits_for_its_puppet_and_ends_as_it_was_told(
    start: Start, place: dict[str, str]
) -> None:
    hook = puppet.shell(puppet.HOOK, place["KUBELAWS_PUPPET"], "postStart", "true")
    waits = subprocess.Popen(hook, env=place)
    start("hook postStart 0 9")
    assert waits.wait(timeout=60) == 9


def ask(place: dict[str, str], how: str, path: str = "/healthy") -> str:
    """What the target of a network probe answers on one connection."""
    said = str(Path(place["KUBELAWS_PUPPET"], "readiness.says"))
    asked = f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"
    done = subprocess.run(
        puppet.shell(puppet.SERVE, how, said), env=place, input=asked,
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize(
    ("said", "path", "head"),
    [
        ("204 0", "/healthy", "HTTP/1.1 204"),
        ("200 2", "/healthy", "HTTP/1.1 302 Found\nLocation: /kubelaws/1"),
        ("200 2", "/kubelaws/2", "HTTP/1.1 200"),
        ("elsewhere 0", "/healthy", "HTTP/1.1 302 Found\nLocation: http://kubelaws.invalid/"),
    ],
)
def test_an_http_target_answers_as_it_was_told(
    place: dict[str, str], said: str, path: str, head: str
) -> None:
    Path(place["KUBELAWS_PUPPET"]).mkdir()
    Path(place["KUBELAWS_PUPPET"], "readiness.says").write_text(f"{said}\n", encoding="utf-8")
    assert ask(place, "http", path).replace("\r", "").startswith(head)


@pytest.mark.parametrize(("said", "status"), [("SERVING", 1), ("NOT_SERVING", 2)])
def test_a_grpc_target_answers_one_health_check(
    place: dict[str, str], said: str, status: int
) -> None:
    """Preface, SETTINGS and a question come in; SETTINGS, its acknowledgement and the answer go out."""
    Path(place["KUBELAWS_PUPPET"]).mkdir()
    says = Path(place["KUBELAWS_PUPPET"], "readiness.says")
    says.write_text(f"{said} 0\n", encoding="utf-8")
    settings, question = (
        bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]),
        bytes([0, 0, 5, 0, 1, 0, 0, 0, 1]) + bytes(5),
    )
    done = subprocess.run(
        puppet.shell(puppet.SERVE, "grpc", str(says)), env=place,
        input=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings + question,
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert [kind for kind, _ in frames(done.stdout)] == [4, 4, 1, 0, 1]
    assert dict(frames(done.stdout))[0] == bytes([0, 0, 0, 0, 2, 8, status])


def frames(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and payload of the frames of a stream of HTTP/2."""
    while text:
        length = int.from_bytes(text[:3], "big")
        yield text[3], text[9 : 9 + length]
        text = text[9 + length :]


def test_it_holds_memory(start: Start, place: dict[str, str]) -> None:
    start()
    tell(place, "allocate 5000000")
    held = subprocess.run(
        puppet.shell(puppet.HELD),
        env=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert held.stdout == "held\n"


def test_an_unknown_order_is_said_to_be_one(start: Start, place: dict[str, str]) -> None:
    start()
    assert tell(place, "dance") == "1 unknown"


def test_what_cannot_be_baked_in_is_refused() -> None:
    with pytest.raises(ValueError, match="dance"):
        puppet.command("c", "dance")


def test_kubernetes_leaves_the_script_as_it_is() -> None:
    """Two dollar signs would become one in a command."""
    assert "$$" not in puppet.SCRIPT + puppet.SERVE + puppet.HOOK


def test_a_look_shows_files_and_the_environment() -> None:
    text = (
        "oom_score_adj 985\nMemTotal 1000\ncpus 2\npid 1\nenv 413d31004200\n"
        "mount 2f64 755 \nmount 2f65 1777 4096\nfile 2f61 31\nfile 2f62 ff\nfile 2f63 \n"
    )
    seen = puppet.parse_look(text)
    assert seen["files"] == {"/a": "1", "/b": {"base64": "/w=="}, "/c": ""}
    assert seen["mounts"] == {"/d": {"mode": "0755"}, "/e": {"mode": "1777", "tmpfs": 4096}}
    assert (seen["env"], seen["pid"]) == ({"A": "1"}, 1)


def test_a_look_reads_cgroup_v2() -> None:
    text = (
        "oom_score_adj 985\nMemTotal 1000\ncpus 2\n"
        "cpu.max 50000 100000\ncpu.weight 39\nmemory.max max\n"
    )
    assert puppet.parse_look(text) == {
        "files": {},
        "mounts": {},
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
