"""Links script steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.limits import (
    SCRIPT_MEMORY_BYTES_MAX,
    SCRIPT_OUTPUT_BYTES_MAX,
    SCRIPT_SECONDS,
    SCRIPT_STATEMENTS_MAX,
)
from naftiko_runtime.link.script_files import ScriptFileError, read_script
from naftiko_runtime.link.scripting_settings import find_scripting, is_milliseconds, is_statement_limit
from naftiko_runtime.link.term_substitution import find_variables
from naftiko_runtime.plan import ScriptStep
from naftiko_runtime.rules import helps
from naftiko_runtime.scripting.script_program import (
    EXTRA,
    LANGUAGES,
    ScriptLimits,
    describe_missing_engine,
    name_variable,
)
from naftiko_runtime.suggest import suggest
from naftiko_runtime.terms import TermObject

if TYPE_CHECKING:
    from naftiko_runtime.document.steps import DeclaredScriptStep
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.link.steps.workflow_context import WorkflowScope
    from naftiko_runtime.plan import Tree
    from naftiko_runtime.scripting.script_program import Language, ScriptProgram

_REFUSED: Final = "groovy"
"""A language that the specification has and this runtime does not."""
_LANGUAGES: Final[dict[str, Language]] = {name: name for name in LANGUAGES}


class ScriptSettings(Struct, frozen=True):
    """The settings of a document for its scripts: ``management.scripting`` of its control expose.

    Attributes:
        enabled: Whether scripts run, if the operator allows them.
        location: The folder of steps without one of their own.
        language: The language of steps without one of their own.
        allowed: The languages that steps may have; None for all.
        limits: What one run of a script may use.
    """

    enabled: bool = True
    location: str | None = None
    language: str | None = None
    allowed: tuple[str, ...] | None = None
    limits: ScriptLimits = ScriptLimits(
        SCRIPT_SECONDS, SCRIPT_MEMORY_BYTES_MAX, SCRIPT_STATEMENTS_MAX, SCRIPT_OUTPUT_BYTES_MAX
    )


def read_script_settings(context: Context) -> ScriptSettings:
    """Read the settings of the first control expose.

    Values of a wrong type are reported by a check. Of those that restrict scripts, they forbid them.
    """
    controls = (find_scripting(expose) for expose in _list_controls(context.source.data))
    found = next((one for one in controls if one is not None), {})
    default = ScriptSettings()
    milliseconds, statements = found.get("timeout"), found.get("statementLimit")
    limits = ScriptLimits(
        milliseconds / 1000 if is_milliseconds(milliseconds) else default.limits.seconds,
        default.limits.memory_bytes,
        statements if is_statement_limit(statements) else default.limits.statements,
        default.limits.output_bytes,
    )
    allowed = found.get("allowedLanguages")
    return ScriptSettings(
        enabled=found.get("enabled", True) is True,
        location=location if isinstance(location := found.get("defaultLocation"), str) else None,
        language=language if isinstance(language := found.get("defaultLanguage"), str) else None,
        allowed=None if allowed is None else tuple(map(str, allowed)) if isinstance(allowed, list) else (),
        limits=limits,
    )


def _list_controls(data: dict[str, Any]) -> list[dict[str, Any]]:
    capability = data.get("capability")
    exposes = capability.get("exposes") if isinstance(capability, dict) else None
    return [one for one in exposes or () if isinstance(one, dict) and one.get("type") == "control"]


def link_script_step(step: DeclaredScriptStep, scope: WorkflowScope) -> ScriptStep | None:
    """Link a step; None if its script cannot run, which is reported."""
    outputs = scope.open_outputs(step.name)
    given = {
        name: scope.link_value(value, step.get_path("with", name), step, outputs) for name, value in step.with_.items()
    }
    settings = read_script_settings(scope.context)
    language = _choose_language(step, settings, scope.context)
    program = None if language is None else _read_program(step, language, settings, scope.context)
    if program is None:
        return None
    return ScriptStep(
        step.name,
        replace(program, variables=_name_variables(outputs.earlier, scope)),
        settings.limits,
        settings.enabled,
        TermObject(tuple((_list_fixed(scope) | given).items())),
        outputs.references,
    )


def _name_variables(steps: tuple[str, ...], scope: WorkflowScope) -> tuple[tuple[str, str], ...]:
    """The variables of a script, each with its step. Of steps with the same one, the last has it, which is reported."""
    found: dict[str, str] = {}
    places = {one.name: one.get_path("name") for one in scope.exposed.steps}
    for step in steps:
        variable = name_variable(step)
        if variable is None:
            continue
        if (first := found.get(variable)) is not None and {first, step} <= places.keys():
            statement = rules.SHARED_NAME_VARIABLE(variable=variable, name=step, first=first)
            scope.context.report(statement, places[step], related=scope.context.find_span(places[first]))
        found[variable] = step
    return tuple(found.items())


def _list_fixed(scope: WorkflowScope) -> dict[str, Tree]:
    """The inputs that the document gives a value, without secrets and without what a step's output replaces."""
    fixed = scope.fixed.items()
    return {name: term for name, term in fixed if name not in scope.steps and not any(find_variables(term))}


def _choose_language(step: DeclaredScriptStep, settings: ScriptSettings, context: Context) -> Language | None:
    written, place = step.language or settings.language, step.get_path("language")
    if written is None:
        context.report(rules.MISSING_KEY_OF_SCRIPT(key="language"), place, helps.ONE_OF(known=LANGUAGES))
        return None
    if written == _REFUSED:
        context.report(rules.NOT_SERVED_GROOVY(), place)
        return None
    if (language := _LANGUAGES.get(written)) is None:
        advice = suggest(written[:40], LANGUAGES, helps.ONE_OF)
        context.report(rules.INVALID_VALUE_LANGUAGE(language=written[:40]), place, advice)
        return None
    if settings.allowed is not None and written not in settings.allowed:
        context.report(rules.INVALID_VALUE_LANGUAGE_FORBIDDEN(language=written), place)
        return None
    if describe_missing_engine(language) is not None:
        context.report(rules.NOT_SERVED_SCRIPTS(language=language), place, helps.INSTALL_EXTRA(extra=EXTRA))
        return None
    return language


def _read_program(
    step: DeclaredScriptStep, language: Language, settings: ScriptSettings, context: Context
) -> ScriptProgram | None:
    location = step.location or settings.location
    if location is None:
        context.report(rules.MISSING_KEY_OF_SCRIPT(key="location"), step.get_path("location"), helps.ADD_LOCATION())
        return None
    folder = Path(context.find_span(step.get_path()).file).parent
    try:
        return read_script(language, location, step.file, step.dependencies, folder)
    except ScriptFileError as error:
        if error.problem in ("no-file-uri", "no-folder"):
            place = step.get_path("location")
        elif error.name == step.file:
            place = step.get_path("file")
        else:
            place = step.get_path("dependencies")
        context.report(_STATEMENTS[error.problem](name=error.name[:100]), place)
        return None


_STATEMENTS: Final = {
    "no-file-uri": rules.INVALID_VALUE_SCRIPT_URI,
    "no-folder": rules.INVALID_VALUE_SCRIPT_FOLDER,
    "no-relative-path": rules.INVALID_VALUE_SCRIPT_PATH,
    "outside": rules.INVALID_VALUE_SCRIPT_OUTSIDE,
    "not-found": rules.INVALID_VALUE_SCRIPT_MISSING,
    "no-regular-file": rules.INVALID_VALUE_SCRIPT_KIND,
    "too-large": rules.INVALID_VALUE_SCRIPT_SIZE,
    "no-utf-8": rules.INVALID_VALUE_SCRIPT_TEXT,
    "unreadable": rules.INVALID_VALUE_SCRIPT_UNREADABLE,
}
