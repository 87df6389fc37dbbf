"""Options and lookups that several commands share; bad input becomes one clear line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from conformance import targets
from conformance.cli import Problem
from spec_model.rules import AREAS, PROFILES, Rule, UnknownRuleError, did_you_mean, rule

F = TypeVar("F", bound=Callable[..., Any])

profile_choice = click.Choice(PROFILES)

budget_option = click.option(
    "--budget",
    type=click.Choice(["quick", "standard", "deep", "full"]),
    default="standard",
    show_default=True,
    help="How much to draw; on a real clock, how long to wait (quick: 30 s at once, full: all there is).",
)
seed_option = click.option(
    "--seed", default=0, show_default=True, help="Another seed draws other sequences."
)
jobs_option = click.option(
    "--jobs", default=1, show_default=True, type=click.IntRange(1), help="Processes."
)

validate_option = click.option(
    "--validate", is_flag=True,
    help="Hold every message of a process: target against the protocol's schema.",
)  # fmt: skip


def validated(spec: str, validate: bool) -> str:
    """The target that ``--validate`` makes of another."""
    if not validate:
        return spec
    if not targets.exchanges_messages(spec):
        raise Problem(
            f"--validate is for process: targets, which exchange messages; {spec} does not"
        )
    return targets.with_options(spec, validate=True)


def area_option(function: F) -> F:
    """``--area``, repeatable, in any case."""
    return click.option(
        "--area",
        "areas",
        multiple=True,
        metavar="AREA",
        callback=lambda _c, _p, values: tuple(map(known_area, values)),
        help="Only this area, such as BACKOFF (repeatable).",
    )(function)


def rule_option(function: F) -> F:
    """``--rule``, repeatable, in any case."""
    return click.option(
        "--rule",
        "rules",
        multiple=True,
        metavar="ID",
        callback=lambda _c, _p, values: tuple(known_rule(value).id for value in values),
        help="Only this rule, such as BACKOFF-001 (repeatable).",
    )(function)


def known_area(name: str) -> str:
    """The area of that name, in any case."""
    if name.upper() not in AREAS:
        raise Problem(f"no area {name!r}{did_you_mean(name.upper(), AREAS)}")
    return name.upper()


def known_rule(identifier: str) -> Rule:
    """The rule of that id, in any case."""
    try:
        return rule(identifier)
    except UnknownRuleError as error:
        raise Problem(f"{error.args[0]}; kubelaws rules lists them all") from error
