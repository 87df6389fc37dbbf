"""``kubelaws serve``: any engine of this interpreter, spoken to over standard input and output."""

from __future__ import annotations

import sys

import click

from conformance import targets
from conformance.cli import Problem


@click.command("serve")
@click.argument("target", metavar="TARGET", default="simulator")
def command(target: str) -> None:
    """Serve an engine over standard input and output, by the protocol of process: targets.

    It answers JSON-RPC 2.0, one message a line, until its input ends. What the engine prints goes to
    standard error.

    \b
    Examples:
      kubelaws serve simulator?nodes=3
      kubelaws run --adapter "process:kubelaws serve python:mine:Engine"
      echo '{"jsonrpc":"2.0","id":1,"method":"describe","params":{"protocol":[1]}}' | kubelaws serve
    """
    from conformance.adapters.process.serve import private_output, serve

    try:
        targets.close(targets.open_adapter(target), target)
    except targets.UnknownTargetError as error:
        raise Problem(str(error)) from error
    output = private_output()
    serve(lambda profile: targets.open_adapter(target, profile), sys.stdin.buffer, output)
