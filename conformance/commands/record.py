"""``kubelaws record``: the watch of a real cluster, as a trace that ``check`` reads."""

from __future__ import annotations

import gzip
import json
import re
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from conformance import targets
from conformance.adapter import AdapterError
from conformance.cli import Problem

if TYPE_CHECKING:
    from conformance.adapters.cluster.watching import Shown

UNITS = {"s": 1, "m": 60, "h": 3600}


def _seconds(_: Any, __: Any, text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if match is None or float(match[1]) <= 0:
        raise Problem(f"--duration {text!r}: write seconds, or 90s, 10m, 1h")
    return float(match[1]) * UNITS[match[2] or "s"]


@click.command("record")
@click.option("--adapter", default="cluster:", show_default=True, help="cluster:CONTEXT")
@click.option("--namespace", default="", help="Only this one; default: all that may be read.")
@click.option("--duration", default="10m", show_default=True, callback=_seconds, metavar="TIME")
@click.option(
    "--output", "-o", default="recording.jsonl.gz", show_default=True, metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False), help="Compressed where it ends in .gz.",
)  # fmt: skip
def command(adapter: str, namespace: str, duration: float, output: Path) -> None:
    """Record what a cluster's watch shows, changing nothing, for kubelaws check.

    Rights to list and watch are enough. Environment values, commands and secrets are not recorded.
    Ctrl-C ends the recording early; what was recorded is kept.

    \b
    Examples:
      kubelaws record --adapter cluster:prod --namespace shop --duration 1h
      kubelaws check recording.jsonl.gz
    """
    from conformance.adapters.cluster import recording
    from conformance.adapters.cluster.client import connect
    from conformance.adapters.cluster.clock import offset
    from conformance.adapters.cluster.kinds import RECORDED, path
    from conformance.adapters.cluster.options import options

    try:
        context, given = targets.cluster_options(adapter)
        chosen = options(context, **given)
        api = connect(chosen.context, chosen.kubeconfig, chosen.rate)
        version = api.get("/version").body.get("gitVersion", "")
        if namespace and api.get(path("Namespace", name=namespace)).code == 404:
            raise Problem(f"--namespace {namespace}: there is none of that name")
        kinds = recording.watchable(api, namespace)
        if not kinds:
            raise Problem("no kind may be listed and watched (kubelaws cluster rbac)")
        ahead = offset(api)
    except (AdapterError, ValueError, targets.UnknownTargetError) as error:
        raise Problem(str(error)) from error
    try:
        with _opened(output) as file:
            lines = Lines(file, version, time.time() + ahead, ahead)
            try:
                recording.record(
                    api, lines.take, namespace=namespace, seconds=duration, kinds=kinds
                )
            except KeyboardInterrupt:
                click.echo("interrupted", err=True)
    except AdapterError as error:
        raise Problem(str(error)) from error
    except OSError as error:
        raise Problem(f"{output}: {error.strerror or error}") from error
    finally:
        api.close()
    if left_out := [kind for kind in RECORDED if kind not in kinds]:
        click.echo(f"without {', '.join(left_out)}: they may not be listed and watched")
    click.echo(f"{lines.count} events of Kubernetes {version} in {output}")


class Lines:
    """Writes a trace: the header, then an observation a line."""

    def __init__(self, file: IO[str], version: str, epoch: float, ahead: float) -> None:
        self._file, self._epoch, self._ahead = file, epoch, ahead
        self.count = 0
        self._write(
            {
                "kubelaws": 1,
                "implementation": "kubernetes",
                "version": version,
                "profile": "v1.36",
                "clock": "real",
                "epoch": epoch,
            }
        )

    def take(self, shown: Shown) -> None:
        """Takes one event."""
        at = round(max(shown.at + self._ahead - self._epoch, 0.0), 6)
        self._write({"at": at, "type": shown.type, "object": shown.object})
        self.count += 1

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "wt", encoding="utf-8")
    return path.open("w", encoding="utf-8")
