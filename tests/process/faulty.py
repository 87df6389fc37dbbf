"""The simulator in a process of its own, with one fault: ``faulty.py FAULT WHEN DIRECTORY``.

The fault strikes at every line that has WHEN in it. The process leaves a file in DIRECTORY that is
named after its id, so that a test can see whether it is gone.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from conformance.adapters.process.serve import Server, private_output
from conformance.adapters.simulator import SimulatorAdapter

FOREVER = 3600.0
MANY = 50 * 1024 * 1024


class Faults:
    """What a process does instead of answering; it is given the right answer."""

    def __init__(self, directory: Path, server: Server) -> None:
        self.directory, self.server = directory, server
        self.output = private_output()

    def say(self, line: bytes) -> None:
        self.output.write(line)
        self.output.flush()

    def crashes(self, _: bytes) -> None:
        print("panic: out of order\n  at engine.go:7", file=sys.stderr, flush=True)
        os._exit(3)

    def is_killed(self, _: bytes) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)

    def hangs(self, _: bytes) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("waiting for a lock", file=sys.stderr, flush=True)
        time.sleep(FOREVER)

    def floods_stderr(self, answer: bytes) -> None:
        for _ in range(20_000):
            os.write(2, b"tick " * 200 + b"\n")
        self.say(answer)

    def floods_stderr_and_hangs(self, _: bytes) -> None:
        while True:
            os.write(2, b"tick " * 200 + b"\n")

    def prints_garbage(self, answer: bytes) -> None:
        self.say(b"Listening on port 8080\n" + answer)

    def answers_out_of_order(self, answer: bytes) -> None:
        changed = json.loads(answer)
        for each in changed if isinstance(changed, list) else [changed]:
            each["id"] -= 1
        self.say(json.dumps(changed).encode() + b"\n")

    def turns_batches_round(self, answer: bytes) -> None:
        changed = json.loads(answer)
        turned = changed[::-1] if isinstance(changed, list) else changed
        self.say(json.dumps(turned).encode() + b"\n")

    def sends_50_mb(self, _: bytes) -> None:
        self.say(b'{"jsonrpc":"2.0","id":1,"result":{"accepted":"' + b"a" * MANY + b'"}}\n')

    def sends_50_mb_without_end(self, _: bytes) -> None:
        self.say(b"a" * MANY)
        time.sleep(FOREVER)

    def nests_deeply(self, _: bytes) -> None:
        self.say(b'{"jsonrpc":"2.0","id":1,"result":' + b"[" * 9999 + b"]" * 9999 + b"}\n")

    def closes_early(self, _: bytes) -> None:
        self.output.close()
        time.sleep(FOREVER)

    def says_half(self, answer: bytes) -> None:
        self.say(answer[: len(answer) // 2])
        os._exit(0)

    def leaves_a_child(self, _: bytes) -> None:
        child = subprocess.Popen(["sleep", str(FOREVER)], stdin=subprocess.DEVNULL)
        (self.directory / str(child.pid)).touch()
        os._exit(4)

    def answers_with_an_error(self, answer: bytes) -> None:
        asked = json.loads(answer)
        error = {"code": -32000, "message": "no memory", "data": "heap"}
        said = [
            {"jsonrpc": "2.0", "id": each["id"], "error": error}
            for each in (asked if isinstance(asked, list) else [asked])
        ]
        self.say(json.dumps(said if isinstance(asked, list) else said[0]).encode() + b"\n")

    def answers_nonsense(self, answer: bytes) -> None:
        changed: Any = json.loads(answer)
        for each in changed if isinstance(changed, list) else [changed]:
            each["result"] = {"rejected": {"code": "bad"}, "observations": [7]}
        self.say(json.dumps(changed).encode() + b"\n")

    def speaks_another_version(self, answer: bytes) -> None:
        changed = json.loads(answer)
        changed["result"]["protocol"] = 99
        self.say(json.dumps(changed).encode() + b"\n")

    def takes_no_batches(self, answer: bytes) -> None:
        changed = json.loads(answer)
        del changed["result"]["batch"]
        self.say(json.dumps(changed).encode() + b"\n")
        for line in sys.stdin.buffer:
            self.say(b"no batches\n" if line.startswith(b"[") else self.server.answer(line))

    def moves_the_cursor(self, answer: bytes) -> None:
        os.write(2, b"\x1b[2Jgone\x07\n")
        self.crashes(answer)

    def outlives_its_input(self, answer: bytes) -> None:
        self.say(answer)
        time.sleep(FOREVER)


def main(fault: str, when: str, directory: str) -> None:
    server = Server(lambda _: SimulatorAdapter())
    faults = Faults(Path(directory), server)
    (Path(directory) / str(os.getpid())).touch()
    for line in sys.stdin.buffer:
        strike = getattr(faults, fault) if when.encode() in line else faults.say
        strike(server.answer(line))


if __name__ == "__main__":
    main(*sys.argv[1:])
