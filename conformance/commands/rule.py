"""``kubelaws rule``: everything about one rule."""

from __future__ import annotations

import click

from conformance.commands.options import known_rule
from spec_model.rules import Rule


@click.command("rule")
@click.argument("identifier", metavar="ID")
def command(identifier: str) -> None:
    """Show one rule: its sentence, its source, the evidence, what checks it, what proves the check.

    \b
    Example:
      kubelaws rule BACKOFF-001
    """
    rule = known_rule(identifier)
    click.secho(f"{rule.id}  {rule.title}", bold=True)
    for label, text in _fields(rule):
        if text:
            click.echo(f"\n{click.style(label, dim=True)}\n{_wrapped(text)}")


def _fields(rule: Rule) -> list[tuple[str, str]]:
    from conformance.focus import SCENARIOS, built_rules
    from conformance.mutants import all_mutants

    built = rule.id in built_rules()
    level = f"{rule.level}, {rule.kind}; holds under {', '.join(rule.profiles)}"
    accident = "; an accident of today's implementation: reported, never failed"
    checks = [
        f"{scenario.__name__}: {' '.join((scenario.__doc__ or '').split())}"
        for scenario in SCENARIOS.get(rule.id, ())
    ]
    proofs = [f"{found.name}: {found.fault}" for found in all_mutants() if found.rule == rule.id]
    planned = "" if built else "planned: not checked yet"
    return [
        ("Sentence", rule.sentence),
        ("Under documented", rule.documented),
        ("Level", level + (accident if rule.implementation else "")),
        ("Source document", f"“{rule.quote}” ({rule.section})" if rule.quote else "silent"),
        ("Where they differ", rule.difference),
        ("Upstream", f"{rule.upstream} ({', '.join(rule.evidence)})"),
        ("Needs", ", ".join(rule.capabilities) or "nothing but the API"),
        ("Checked by", "\n".join(checks) or planned),
        ("Proved by the mutants", "\n".join(proofs)),
    ]


def _wrapped(text: str) -> str:
    return "\n".join(
        click.wrap_text(line, width=96, initial_indent="  ", subsequent_indent="    ")
        for line in text.splitlines()
    )
