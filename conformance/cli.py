"""The command line: ``kubelaws``. One module a command; nothing heavy is imported before it is needed."""

from __future__ import annotations

from importlib import import_module
from typing import IO, Any, Final

import click

COMMANDS: Final = {
    "run": "Judge an engine: run the suite and report.",
    "rules": "List the rules.",
    "functions": "List the pure functions that an engine can be asked.",
    "rule": "Show one rule: sentence, source, evidence, what checks it.",
    "explain": "Say what the law makes of a manifest, and why.",
    "check": "Judge a recorded trace offline.",
    "replay": "Run a saved trace again.",
    "explore": "Draw a lifecycle and prove what can be proved on it.",
    "record": "Record the watch of a real cluster, for check.",
    "cluster": "Look at a real cluster before a run; clean up after one.",
    "mutants": "Show the suite's power: the kill table.",
    "adapter": "Connect an engine of your own: new, check, schema.",
    "adapters": "List the adapters there are.",
    "serve": "Serve an engine to another process.",
}

USAGE_ERROR: Final = 2


class Problem(click.ClickException):
    """Bad input, said in one line: what happened, where, what to do. Exit code 2."""

    exit_code = USAGE_ERROR

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints the line to stderr."""
        click.echo(f"kubelaws: {self.format_message()}", file=file, err=file is None)


class LazyGroup(click.Group):
    """Loads a command's module only when it is called; help texts stand in the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name, its module loaded."""
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"conformance.commands.{name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; Ctrl-C is no verdict, so its exit code is not that of a violation."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Problem("interrupted") from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called; an unknown one is answered with the nearest."""
        name = args[0] if args else ""
        if args and name not in COMMANDS and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise Problem(f"no command {name!r}{hint} There are {', '.join(COMMANDS)}.")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with:  kubelaws run   ·   kubelaws rule BACKOFF-001   ·   kubelaws explain pod.yaml",
)
@click.version_option(package_name="kubelaws")
def main() -> None:
    """The documented law of Kubernetes Pods, executable.

    Judges any engine that runs Pods, a simulator, a kubelet, a whole cluster, against the rules of
    the documentation, and says which sentence was broken and the shortest sequence that shows it.

    Exit codes: 0 conforms, 1 a rule is broken, 2 bad input, the engine failed, or Ctrl-C.
    """
