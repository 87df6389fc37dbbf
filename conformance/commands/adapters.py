"""``kubelaws adapters``: what engines can be had."""

from __future__ import annotations

import json

import click

from conformance import targets


@click.command("adapters")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="For people or for programs.",
)  # fmt: skip
def command(form: str) -> None:
    """List the adapters: those that are built in, and those that other packages installed.

    A package offers one under the entry point group kubelaws.adapters; its name selects it.

    \b
    Example, in the pyproject.toml of such a package:
      [project.entry-points."kubelaws.adapters"]
      mine = "mine.adapter:Engine"
    """
    found = targets.known()
    if form == "json":
        rows = [{"name": each.name, "what": each.what, "from": each.source} for each in found]
        click.echo(json.dumps(rows, indent=2))
        return
    width = max(len(each.name) for each in found)
    for each in found:
        click.echo(f"{each.name:<{width}}  {each.what}  ({each.source})")
