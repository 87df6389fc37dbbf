"""A place to start from: a small engine that works, in a language of the author's choice."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Final

from attrs import frozen

NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
PLACEHOLDER: Final = "my-engine"
"""The name that the templates have; they run as they stand."""


class BadNameError(ValueError):
    """No engine can be written under that name; the message says why."""


@frozen
class Language:
    """What an engine in a language consists of, and how it is run where it lies."""

    files: tuple[str, ...]
    target: str
    build: str = ""


LANGUAGES: Final = {
    "python": Language(("engine.py",), "python:engine:Engine"),
    "javascript": Language(("engine.js", "protocol.js"), "process:node engine.js"),
    "go": Language(
        ("engine.go", "protocol.go", "go.mod"), "process:./engine", "go build -o engine ."
    ),
}


def write(name: str, language: str, parent: Path) -> tuple[Path, ...]:
    """Writes the engine into a new directory of that name, and returns its files.

    Raises:
        BadNameError: the name is none, or there is something of that name.
        OSError: it cannot be written.
    """
    if not NAME.fullmatch(name):
        raise BadNameError(f"no name for an engine: {name!r}; write lower case, as in my-engine")
    directory = parent / name
    if directory.exists():
        raise BadNameError(f"{directory} is there already")
    directory.mkdir(parents=True)
    return tuple(
        _copy(language, file, directory / file, name) for file in LANGUAGES[language].files
    )


def _copy(language: str, file: str, to: Path, name: str) -> Path:
    template = files(__package__).joinpath("templates", language, file)
    to.write_text(template.read_text("utf-8").replace(PLACEHOLDER, name), encoding="utf-8")
    return to


def next_steps(name: str, language: str) -> list[str]:
    """What to type next, in order."""
    known = LANGUAGES[language]
    target = f'"{known.target}"' if " " in known.target else known.target
    steps = [f"cd {name}", known.build, f"kubelaws adapter check {target}"]
    return [*filter(None, steps), f"kubelaws run --area TRANS --adapter {target}"]
