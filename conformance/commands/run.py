"""``kubelaws run``: the suite, live progress, verdicts, reports."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

from conformance import known_failures, targets
from conformance.cli import Problem
from conformance.commands.options import (
    area_option,
    budget_option,
    jobs_option,
    profile_choice,
    rule_option,
    seed_option,
    validate_option,
    validated,
)
from spec_model.rules import PROFILES

if TYPE_CHECKING:
    from conformance.adapter import Implementation
    from conformance.live import Stream


@click.command("run")
@click.option(
    "--adapter",
    metavar="TARGET",
    help="Engine to judge: simulator (default), python:package.module:Factory, process:./engine --flag, "
    "cluster:CONTEXT, or an installed name; kubelaws adapters lists them. "
    f"Environment: {targets.VARIABLE}.",
)
@validate_option
@click.option(
    "--profile", "profiles", multiple=True, type=profile_choice,
    help="Profile to judge under (repeatable); default: what the adapter asks for.",
)  # fmt: skip
@rule_option
@area_option
@budget_option
@seed_option
@jobs_option
@click.option(
    "--functions-only", is_flag=True,
    help="Check the pure functions that the engine serves, and nothing else of it.",
)  # fmt: skip
@click.option(
    "--known-failures", "known", metavar="FILE", help="TOML of violations that are known."
)
@click.option(
    "--mutants", is_flag=True, help="Also run the suite against every mutant: the kill table."
)
@click.option(
    "--report", "directory", default="report", show_default=True, metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False), help="Where the reports go.",
)  # fmt: skip
@click.option(
    "--dry-run", is_flag=True, help="cluster: only say what would be created, and what is missing."
)
@click.option(
    "--metrics-server", is_flag=True, help="cluster: serve the metrics API with injected usage."
)
@click.option(
    "--node-hook", default="", metavar="COMMAND",
    help="cluster: how a command is run on a node, such as 'ssh {node}'.",
)  # fmt: skip
@click.option(
    "--verbose", "-v", is_flag=True, help="Show every rule, not only those that need a look."
)
def command(
    directory: Path,
    verbose: bool,
    dry_run: bool,
    metrics_server: bool,
    node_hook: str,
    **options: Any,
) -> None:
    """Judge an engine: run the suite against it and report a verdict for every rule.

    Ctrl-C keeps what is known so far: the reports are written and say that the run is incomplete.

    \b
    Examples:
      kubelaws run                                   the embedded simulator
      kubelaws run --adapter python:mine:Engine      your engine
      kubelaws run --adapter "process:./engine -v"   your engine, in any language
      kubelaws run --adapter "process?deadline=5:./engine"   it has 5 s to answer, not 30
      kubelaws run --adapter cluster:kind --budget quick --dry-run
      kubelaws run --area BACKOFF --budget deep      more draws, one area
      kubelaws run --profile documented --profile v1.36
      kubelaws run --adapter python:mine:Library --functions-only
      kubelaws run --known-failures known.toml       what you know of does not fail the run

    \b
    Exit codes:
      0  conforms
      1  a rule is broken, or a mutant survived
      2  bad input, the engine failed, a known failure is stale, or the run is incomplete
    """
    from rich.console import Console

    from conformance.live import LOG, Stream
    from conformance.saved import write_reports
    from reports.folding import fold
    from reports.terminal import print_summary
    from reports.verdicts import exit_code

    chosen = targets.chosen(options.pop("adapter"))
    spec = validated(chosen, options.pop("validate"))
    spec = targets.with_options(spec, metrics=metrics_server, hook=node_hook)
    if dry_run:
        from conformance.commands.cluster import preflight

        raise SystemExit(preflight(spec))
    wanted = Wanted(adapter=spec, **options)
    _refuse_bad_input(wanted)
    console = Console(
        file=sys.stdout
    )  # as it is now: while pytest runs, the name means something else
    with _writing(directory), Stream(directory, console) as stream:
        for profile in wanted.profiles or (None,):
            if not _run(stream, wanted, profile):
                break
    runs = fold(stream.events)
    if not runs:
        raise Problem(f"no test of the suite came to its end; {directory / LOG} may say why")
    with _writing(directory):
        paths = write_reports(stream.events, directory)
    print_summary(runs, console, verbose=verbose, paths=_worth_naming(paths))
    raise SystemExit(exit_code(runs))


@frozen
class Wanted:
    """What a person asks a run to do."""

    adapter: str
    profiles: tuple[str, ...]
    rules: tuple[str, ...]
    areas: tuple[str, ...]
    budget: str
    seed: int
    jobs: int
    functions_only: bool
    known: str | None
    mutants: bool

    def options(self, profile: str | None) -> list[str]:
        """The same as options of pytest."""
        options = ["--adapter", self.adapter, "--budget", self.budget]
        options += [f"--kubelaws-seed={self.seed}"]
        options += ["--profile", profile] if profile else []
        options += [word for rule in self.rules for word in ("--rule", rule)]
        options += [word for area in self.areas for word in ("--area", area)]
        options += ["--known-failures", self.known] if self.known else []
        options += ["--functions-only"] if self.functions_only else []
        return options + (["-n", str(self.jobs), "--dist", "worksteal"] if self.jobs > 1 else [])


def _run(stream: Stream, wanted: Wanted, profile: str | None) -> bool:
    """One run, with its mutants; False where it was interrupted."""
    from conformance.live import SuiteError, run_suite

    whole = False
    try:
        whole = run_suite(stream, wanted.options(profile))
        if whole and wanted.mutants:
            _try_mutants(stream, wanted)
    except KeyboardInterrupt:
        whole = False
    except SuiteError as error:
        raise Problem(f"the suite could not run: {error}") from error
    finally:
        stream.finish(interrupted=not whole)
    return whole


def _try_mutants(stream: Stream, wanted: Wanted) -> None:
    from conformance.mutants.table import try_all

    rows = try_all(
        rules=wanted.rules,
        areas=wanted.areas,
        seed=wanted.seed,
        jobs=wanted.jobs,
        budget=wanted.budget,
        profile=stream.profile,
    )
    for row in rows:
        stream.take(row)


def _refuse_bad_input(wanted: Wanted) -> None:
    """Says what is wrong before anything is written.

    Raises:
        Problem: there is no such engine or file, or nothing to run is left.
    """
    spec = wanted.adapter
    try:
        adapter = targets.open_adapter(spec)
        implementation = targets.described(adapter, spec)
        targets.close(adapter, spec)
        if wanted.known:
            known_failures.read(wanted.known)
    except (targets.UnknownTargetError, known_failures.KnownFailuresError) as error:
        raise Problem(str(error)) from error
    if wanted.functions_only and not implementation.functions:
        from conformance.selection import SERVES_NO_FUNCTION

        raise Problem(SERVES_NO_FUNCTION.format(spec))
    for profile in wanted.profiles or (implementation.profile,):
        _refuse_empty_selection(wanted, implementation, profile)


def _refuse_empty_selection(wanted: Wanted, implementation: Implementation, profile: str) -> None:
    from conformance.focus import built_rules
    from conformance.functions import rules_by_function
    from conformance.selection import selected_rules

    selected = selected_rules(list(wanted.rules), list(wanted.areas), profile)
    named = ", ".join((*wanted.rules, *wanted.areas))
    if not selected:
        raise Problem(f"none of {named} holds under {profile}; there are {', '.join(PROFILES)}")
    if wanted.functions_only:
        shown = rules_by_function(implementation, profile)
        if shown.isdisjoint(rule.id for rule in selected):
            whom = f"of {named} " if named else ""
            raise Problem(
                f"no function that the adapter serves shows a rule {whom}under {profile}; "
                "kubelaws functions says what each shows"
            )
        return
    if wanted.rules and built_rules().isdisjoint(rule.id for rule in selected):
        raise Problem(f"the suite does not check {named} yet; kubelaws rules says what it checks")


@contextmanager
def _writing(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Problem(f"{error.filename or directory}: {error.strerror or error}") from error


def _worth_naming(paths: tuple[Path, ...]) -> list[Path]:
    """The reports that a person opens; the others lie beside them."""
    return [path for path in paths if path.suffix in (".html", ".json", ".xml", ".ndjson")]
