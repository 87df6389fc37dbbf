"""The stream on disk: one event a line, written while the run happens.

Every line is flushed, so that Ctrl-C or a crash loses nothing; what was cut reads as incomplete.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from cattrs.errors import ClassValidationError

from reports.events import FORMAT, ResultEvent, RunStarted, from_data, to_data


class StreamReadError(ValueError):
    """A file is no result stream; the message names the file, the line and the mistake."""


def line_of(event: ResultEvent) -> str:
    """An event as its line, newline included."""
    return json.dumps(to_data(event), ensure_ascii=False, separators=(",", ":")) + "\n"


class StreamWriter:
    """Appends events to a file as they come; a context manager.

    >>> with StreamWriter(Path("run.ndjson")) as writer:  # doctest: +SKIP
    ...     writer.feed(event)
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8")

    def feed(self, event: ResultEvent) -> None:
        """Writes one event and sees it to the operating system."""
        self._file.write(line_of(event))
        self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def __enter__(self) -> StreamWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def write(events: Iterable[ResultEvent], path: Path) -> None:
    """Writes a whole stream."""
    with StreamWriter(path) as writer:
        for event in events:
            writer.feed(event)


def read(path: Path) -> Iterator[ResultEvent]:
    """The events of a file, as they are read.

    A last line that was cut off while it was written is dropped: its run has no end and says so.

    Raises:
        StreamReadError: a line is no event, or the stream is of another format.
    """
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield _event(line)
            except json.JSONDecodeError as error:
                if not line.endswith("\n"):
                    return
                raise StreamReadError(f"{path}:{number}: not JSON: {error.msg}") from error
            except (KeyError, TypeError, ValueError, ClassValidationError) as error:
                raise StreamReadError(f"{path}:{number}: {_mistake(error)}") from error


def _event(line: str) -> ResultEvent:
    data: Any = json.loads(line)
    if not isinstance(data, dict) or "event" not in data:
        raise TypeError("not a result event: it has no 'event'")
    event = from_data(data)
    if isinstance(event, RunStarted) and event.format != FORMAT:
        raise ValueError(f"format {event.format}; this kubelaws reads format {FORMAT}")
    return event


def _mistake(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"no such event: {error}"
    if isinstance(error, ClassValidationError):
        fields = ", ".join(str(inner) for inner in error.exceptions)
        return f"not a {error.cl.__name__}: {fields}"
    return str(error)
