"""``naftiko explain``: the page of a rule."""

from __future__ import annotations

import click

from naftiko_runtime.cli.rule_names import UnknownRule, complete_rule, expand_rule
from naftiko_runtime.render.rule_pages import read_page
from naftiko_runtime.rules import RULES


@click.command()
@click.argument("name", metavar="RULE", shell_complete=lambda _context, _argument, begun: complete_rule(begun))
def explain(name: str) -> None:
    """Explain a rule: what it finds, an example, and what to do.

    RULE is what a finding shows in brackets (unresolved-call), or the rule's code (NK201).
    """
    try:
        slugs = sorted(expand_rule(name), key=lambda slug: RULES[slug].code)
    except UnknownRule as error:
        raise click.BadParameter(str(error), param_hint="RULE") from None
    if len(slugs) == 1:
        click.echo(read_page(RULES[slugs[0]]), nl=False)
    for slug in slugs if len(slugs) > 1 else ():
        click.echo(f"{RULES[slug].code}  {slug}: {RULES[slug].summary}")
