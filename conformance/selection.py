"""What the options of a run mean: which engine, which rules, which known failures."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from conformance import known_failures, targets
from conformance.adapter import side_by_side
from conformance.examine import BUDGETS, Target
from conformance.focus import built_rules
from conformance.functions import is_functions_only, rules_by_function, unchecked
from reports.events import KnownFailure, RunStarted
from spec_model.rules import AREAS, Rule, UnknownRuleError, did_you_mean, registry, rule


def open_target(config: pytest.Config) -> Target:
    """The engine, the profile, the budget and the seed that the options name.

    Raises:
        pytest.UsageError: there is no such engine, or it cannot say what it is.
    """
    spec = targets.chosen(config.getoption("--adapter"))
    wanted = config.getoption("--profile")
    try:
        adapter = targets.open_adapter(spec, wanted)
        implementation = targets.described(adapter, spec)
    except targets.UnknownTargetError as error:
        raise pytest.UsageError(str(error)) from error
    functions_only = config.getoption("--functions-only")
    if functions_only and not implementation.functions:
        raise pytest.UsageError(SERVES_NO_FUNCTION.format(spec))
    if implementation.clock == "real" and side_by_side(adapter) and _has_workers(config):
        targets.close(adapter, spec)
        raise pytest.UsageError(
            "on a real clock scenarios run side by side in one process: leave --jobs (-n) out, "
            "and choose how many by the target's option parallel"
        )
    return Target(
        adapter=adapter,
        implementation=implementation,
        profile=wanted or implementation.profile,
        budget=BUDGETS[config.getoption("--budget")],
        seed=config.getoption("--kubelaws-seed"),
        tolerated=frozenset(entry.rule for entry in _known(config)),
        spec=spec,
        patience=config.getoption("--budget"),
        tool=version("kubelaws"),
        functions_only=functions_only,
    )


SERVES_NO_FUNCTION = (
    "--functions-only: adapter {} serves no function; kubelaws functions lists them"
)


def _has_workers(config: pytest.Config) -> bool:
    return bool(config.getoption("numprocesses", None)) or hasattr(config, "workerinput")


def refuse_bad_options(config: pytest.Config) -> None:
    """Looks at every option that names a rule, an area or a file.

    Raises:
        pytest.UsageError: saying which option names what there is not.
    """
    try:
        selected_rules(config.getoption("--rule"), config.getoption("--area"), "v1.36")
        _known(config)
    except (UnknownRuleError, known_failures.KnownFailuresError) as error:
        raise pytest.UsageError(str(error.args[0])) from error


def run_started(config: pytest.Config, target: Target, tests: int, started: str) -> RunStarted:
    """The first event of a run."""
    implementation = target.implementation
    selected = selected_rules(
        config.getoption("--rule"), config.getoption("--area"), target.profile
    )
    built = built_rules()
    if target.functions_only or is_functions_only(implementation):
        shown = rules_by_function(implementation, target.profile)
        built = built | shown
        selected = [entry for entry in selected if entry.id in shown or not target.functions_only]
    return RunStarted(
        implementation={
            "name": implementation.name,
            "version": implementation.version,
            "language": implementation.language,
            "homepage": implementation.homepage,
            "clock": implementation.clock,
        },
        capabilities=tuple(sorted(implementation.capabilities)),
        profile=target.profile,
        adapter=target.spec,
        budget=config.getoption("--budget"),
        seed=target.seed,
        tool=target.tool,
        started=started,
        rules=tuple(entry.id for entry in selected if entry.id in built),
        planned=tuple(entry.id for entry in selected if entry.id not in built),
        tests=tests,
        known_failures=_known(config),
        functions=tuple(sorted(implementation.functions)),
        unchecked=unchecked(implementation, target.profile),
        functions_only=target.functions_only or is_functions_only(implementation),
    )


def selected_rules(identifiers: list[str], areas: list[str], profile: str) -> list[Rule]:
    """The rules of the profile that a person has named by id or area; all where none is named.

    Raises:
        UnknownRuleError: no rule has that id.
        pytest.UsageError: there is no area of that name.
    """
    for area in areas:
        if area.upper() not in AREAS:
            raise pytest.UsageError(f"no area {area!r}{did_you_mean(area.upper(), AREAS)}")
    named = {rule(identifier).id for identifier in identifiers}
    wanted = {area.upper() for area in areas}
    return [
        entry
        for entry in registry().values()
        if profile in entry.profiles
        and (not (named or wanted) or entry.id in named or entry.area in wanted)
    ]


def _known(config: pytest.Config) -> tuple[KnownFailure, ...]:
    path = config.getoption("--known-failures")
    return known_failures.read(path) if path else ()
