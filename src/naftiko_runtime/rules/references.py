"""Rules about names and references: NK2xx."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Severity, define

UNRESOLVED_CALL: Final = define(
    "NK201",
    "unresolved-call",
    Severity.ERROR,
    "A call refers to no consumed operation.",
    "Use the name of a consumed operation: `namespace.operation`.",
    "no consumed operation '{call}'",
)
UNRESOLVED_CALL_API: Final = UNRESOLVED_CALL.add_message("no consumed API '{namespace}'")

DUPLICATE_NAMESPACE: Final = define(
    "NK202", "duplicate-namespace", Severity.ERROR, "Two parts have the same namespace.", "Rename one of the two."
)
DUPLICATE_NAMESPACE_CONSUMED: Final = DUPLICATE_NAMESPACE.add_message(
    "the namespace '{namespace}' is consumed twice", "rename one; the base URI of the first is on {line}"
)
DUPLICATE_NAMESPACE_EXPOSED: Final = DUPLICATE_NAMESPACE.add_message(
    "the namespace '{namespace}' is exposed twice", "rename one; the first is on {line}"
)
DUPLICATE_NAMESPACE_AGGREGATE: Final = DUPLICATE_NAMESPACE.add_message(
    "two aggregates have the namespace '{namespace}'", "rename one; the first is on {line}"
)
DUPLICATE_NAMESPACE_ON_PORT: Final = DUPLICATE_NAMESPACE.add_message(
    "the namespace '{namespace}' is exposed twice on port {port}",
    "rename one, or change the port in one of the files (--port {namespace}=N moves both); the first is at {place}",
)

DUPLICATE_NAME: Final = define(
    "NK203",
    "duplicate-name",
    Severity.ERROR,
    "Two operations, tools, resources, prompts, routes, functions, steps or parameters have the same name.",
    "Rename one of the two.",
)
DUPLICATE_NAME_CONSUMED: Final = DUPLICATE_NAME.add_message(
    "the operation '{name}' is consumed twice", "rename one; the first is on {line}"
)
DUPLICATE_NAME_TOOL: Final = DUPLICATE_NAME.add_message(
    "the tool '{name}' is defined twice", "rename one; the first is on {line}"
)
DUPLICATE_NAME_INPUT: Final = DUPLICATE_NAME.add_message(
    "the input parameter '{name}' is defined twice", "rename one; the first is on {line}"
)
DUPLICATE_NAME_OUTPUT: Final = DUPLICATE_NAME.add_message(
    "the output '{name}' is defined twice", "rename one; the first is on {line}"
)
DUPLICATE_NAME_PLACEHOLDER: Final = DUPLICATE_NAME.add_message("the path has '{name}' twice", "rename one")
DUPLICATE_NAME_VARIABLE: Final = DUPLICATE_NAME.add_message(
    "the variable '{name}' is bound twice", "rename one; the first is on {line}"
)
DUPLICATE_NAME_FUNCTION: Final = DUPLICATE_NAME.add_message(
    "the function '{name}' is defined twice", "rename one; the first is on {line}"
)
DUPLICATE_NAME_TARGET: Final = DUPLICATE_NAME.add_message(
    "another mapping sets '{name}', or a part of it", "give each mapping its own 'targetName'"
)
DUPLICATE_NAME_STEP: Final = DUPLICATE_NAME.add_message(
    "the step '{name}' is defined twice", "rename one; the first is on {line}"
)
DUPLICATE_NAME_ON_PORT: Final = DUPLICATE_NAME.add_message(
    "the tool '{name}' is exposed by '{first}' and '{second}', which share port {port}",
    "change one, or start with --port {second}=N",
)

UNBOUND_VARIABLE: Final = define(
    "NK204",
    "unbound-variable",
    Severity.ERROR,
    "An expression uses a variable that nothing binds.",
    "Bind the variable under `binds`, or declare the input.",
    "'{name}' is not bound",
)
UNBOUND_VARIABLE_BIND: Final = UNBOUND_VARIABLE.add_message("'{name}' is not bound: there is no bind '{namespace}'")
UNBOUND_VARIABLE_INPUT: Final = UNBOUND_VARIABLE.add_message("'{name}' is neither bound nor an input")
UNBOUND_VARIABLE_INPUT_BIND: Final = UNBOUND_VARIABLE.add_message(
    "'{name}' is neither bound nor an input: there is no bind '{namespace}'"
)
UNBOUND_VARIABLE_CALLERS: Final = UNBOUND_VARIABLE.add_message(
    "'{name}' is an input of the caller; only variables are allowed here"
)

UNUSED_BINDING: Final = define(
    "NK205",
    "unused-binding",
    Severity.WARNING,
    "No expression uses a bound variable.",
    "Remove the binding, or use it as `{{NAME}}`.",
    "'{name}' is bound but never used",
    "remove it, or use it as {{{{{name}}}}}",
)

UNKNOWN_REFERENCE: Final = define(
    "NK206",
    "unknown-reference",
    Severity.ERROR,
    "A value has the form of a reference, but refers to nothing.",
    "Write `$this.<namespace>.x` for the caller's x, with the expose's namespace, or `{{NAME}}` for a variable.",
    "'{written}' refers to nothing",
)
UNKNOWN_REFERENCE_CALLERS: Final = UNKNOWN_REFERENCE.add_message(
    "'{name}' is an input of the caller; only variables are allowed here", "bind a variable, and write {{{{NAME}}}}"
)
UNKNOWN_REFERENCE_PREFIX: Final = UNKNOWN_REFERENCE.add_message("unknown prefix '{prefix}'")
UNKNOWN_REFERENCE_STEP: Final = UNKNOWN_REFERENCE.add_message(
    "'{written}' refers to the result of a step, and there are no steps here"
)
UNKNOWN_REFERENCE_PATH: Final = UNKNOWN_REFERENCE.add_message(
    "'{path}' is a JSONPath, and a 'value' is not evaluated", "write 'mapping: {path}'"
)

UNKNOWN_PARAMETER: Final = define(
    "NK207",
    "unknown-parameter",
    Severity.ERROR,
    "A key of `with` is not a parameter of the consumed operation.",
    "Correct the name, or declare it in the consumed operation's `inputParameters`.",
    "'{operation}' has no parameter '{name}'",
)
UNKNOWN_PARAMETER_OF_MOCK: Final = UNKNOWN_PARAMETER.add_message(
    "'{name}' has no effect: there is no 'call'", "add 'call: namespace.operation', or remove it"
)

PLACEHOLDER_CASE: Final = define(
    "NK208",
    "placeholder-spelling",
    Severity.WARNING,
    "Names match only if case and punctuation are ignored.",
    "Use the same spelling on both sides.",
    "'{name}' is read as '{meant}' of the path",
    "write '{meant}'",
)
PLACEHOLDER_CASE_WITH: Final = PLACEHOLDER_CASE.add_message(
    "'{name}' is read as '{meant}' of '{operation}'", "write '{meant}'"
)
PLACEHOLDER_CASE_INPUT: Final = PLACEHOLDER_CASE.add_message(
    "'{meant}' of the consumed path is filled from '{name}'", "write '{meant}' on both sides"
)

UNUSED_INPUT: Final = define(
    "NK209",
    "unused-input",
    Severity.WARNING,
    "An input reaches no parameter of the consumed operation.",
    "Remove the input, or declare a parameter that takes it.",
    "the input '{name}' reaches no parameter of '{operation}'",
)
UNUSED_INPUT_OF_FORWARD: Final = UNUSED_INPUT.add_message(
    "a forward does not use '{name}': it sends the rest of the path", "remove it"
)
UNUSED_INPUT_IN_QUERY: Final = UNUSED_INPUT.add_message(
    "the input '{name}' reaches no parameter of '{operation}': it is sent in the query"
)
UNUSED_INPUT_WITHOUT_BODY: Final = UNUSED_INPUT.add_message(
    "the input '{name}' reaches no parameter of '{operation}', which has no body",
    "declare '{name}' there, with 'in: body', or write 'body: {{type: json}}' there",
)
UNUSED_INPUT_OF_MOCK: Final = UNUSED_INPUT.add_message(
    "no output uses the input '{name}'", "write {{{{{name}}}}} into a 'value'"
)
UNUSED_INPUT_OF_WORKFLOW: Final = UNUSED_INPUT.add_message("no step uses the input '{name}'")

IMPORT: Final = define(
    "NK210",
    "unresolved-import",
    Severity.ERROR,
    "An import refers to a part that does not exist, or to a file that it may not read.",
    "Use a namespace that the other file defines itself. The file must be below the document's folder.",
    "{file} has no {section} namespace '{namespace}'",
)
IMPORT_OF_URL: Final = IMPORT.add_message(
    "an import reads a file, not a URL", "save what is there as a file beside this one, and import that"
)
IMPORT_NO_PATH: Final = IMPORT.add_message("this is not a file path")
IMPORT_OUTSIDE: Final = IMPORT.add_message(
    "an import must be below the document's folder", "allow it with --allow-import DIR"
)
IMPORT_OF_FOLDER: Final = IMPORT.add_message("{file} is a folder; an import names a file")
IMPORT_NO_REGULAR_FILE: Final = IMPORT.add_message("{file} is not a regular file")
IMPORT_WITHOUT_FILE: Final = IMPORT.add_message("the location of the import is empty", "name a file")
IMPORT_OF_ITSELF: Final = IMPORT.add_message("{file} imports itself", "remove the import")
IMPORT_CIRCLE: Final = IMPORT.add_message(
    "the import of '{name}' is circular: {trail:→ *}", "let one of these files define it"
)
IMPORT_CIRCLE_NEEDED: Final = IMPORT.add_message(
    "the import of '{name}', which '{part}' needs, is circular: {trail:→ *}",
    "let one of these files define it",
)
IMPORT_CHAIN: Final = IMPORT.add_message(
    "'{name}' is itself an import there: {trail:→ *}", "import it from the file that defines it"
)
IMPORT_CHAIN_NEEDED: Final = IMPORT.add_message(
    "'{name}', which '{part}' needs, is itself an import there: {trail:→ *}",
    "import it from the file that defines it",
)
IMPORT_WITHOUT_FOLDER: Final = IMPORT.add_message(
    "imports are relative to a file, and this document has none", "validate or run the file itself"
)

UNLISTED_VARIABLE: Final = define(
    "NK211",
    "unlisted-variable",
    Severity.WARNING,
    "An expression uses a variable that no bind lists. It is read from the environment.",
    "List the variable under the `keys` of a bind without `location`.",
    "'{name}' is read from the environment, but no bind lists it",
    "bind it: 'binds: [{{namespace: {namespace}, keys: {{{name}: {name}}}}}]'",
)
UNLISTED_VARIABLE_OF_BIND: Final = UNLISTED_VARIABLE.add_message(
    "'{name}' is read from the environment, but 'keys' does not list it",
    "add '{name}: {name}' to the keys of '{namespace}'",
)

PROVIDER: Final = define(
    "NK212",
    "unknown-provider",
    Severity.ERROR,
    "No provider reads the scheme of a bind's `location`.",
    "Use one of the listed schemes, or remove `location` to use the environment.",
    "unknown provider '{scheme}'",
)

UNKNOWN_STEP: Final = define(
    "NK213",
    "unknown-step",
    Severity.ERROR,
    "A reference is to a step that does not exist, or that is not earlier.",
    "Use an earlier step. A mapping can use any step.",
    "there is no step '{name}'",
)
UNKNOWN_STEP_LATER: Final = UNKNOWN_STEP.add_message("the step '{name}' comes later", "put '{name}' before this step")
UNKNOWN_STEP_OWN: Final = UNKNOWN_STEP.add_message("a step cannot use its own output")

UNKNOWN_STEP_OF_LOOP: Final = UNKNOWN_STEP.add_message(
    "'{name}' is a value of the loop, and this is outside the loop",
    "choose items by a filter: forEach: \"$.list[?(@.key == 'value')]\"",
)

SHARED_NAME: Final = define(
    "NK219",
    "shared-name",
    Severity.WARNING,
    "A step has the name of an input, or two steps have the same variable in a script.",
    "Rename the step.",
    "'{name}' is a step and an input: '$.{name}' is the output of the step, '{{{{{name}}}}}' is the input",
    "rename one; the input is on {line}",
)
SHARED_NAME_AROUND: Final = SHARED_NAME.add_message(
    "'{name}' is a step and an input: '$.{name}' is the output of the step, '{{{{{name}}}}}' is the input",
    "rename the step",
)
SHARED_NAME_VARIABLE: Final = SHARED_NAME.add_message(
    "in the script, '{variable}' is the output of '{name}', not of '{first}'",
    "rename one, or read 'context', which has both; the other is on {line}",
)

UNUSED_STEP: Final = define(
    "NK222",
    "unused-step",
    Severity.WARNING,
    "No later step and no mapping uses the output of a step that changes nothing.",
    "Use its output in a later step or in `mappings`, or remove the step.",
    "nothing uses the output of the step '{name}'",
)

CONSTANT_CONDITION: Final = define(
    "NK223",
    "constant-condition",
    Severity.WARNING,
    "The condition of a step names no step and no input, so it is always the same.",
    "Name a step or an input in the condition, or remove `when` or the step.",
    "the condition names no step and no input: it is always the same",
)

NO_LIST: Final = define(
    "NK224",
    "no-list",
    Severity.ERROR,
    "`forEach` is over a value that is surely no list.",
    "Refer to a list: a named output or an input of type `array`, or a JSONPath that finds several values.",
    "'forEach' needs a list, and this is of type '{type}'",
)

LOOKUP_WITHOUT_ROWS: Final = define(
    "NK225",
    "lookup-without-rows",
    Severity.WARNING,
    "The output that a lookup searches has no rows, or its rows do not have the key field. The lookup finds nothing.",
    "Set `index` to a step whose output has rows, and `match` to a field of them.",
    "the step '{step}' calls by HEAD, and so has no rows",
)
LOOKUP_WITHOUT_ROWS_TEXT: Final = LOOKUP_WITHOUT_ROWS.add_message(
    "the response of the step '{step}' is {format}, which has no rows"
)
LOOKUP_WITHOUT_ROWS_FIELD: Final = LOOKUP_WITHOUT_ROWS.add_message(
    "the rows of the step '{step}' have no field '{field}'"
)
LOOKUP_WITHOUT_ROWS_PATH: Final = LOOKUP_WITHOUT_ROWS.add_message("'match' is the name of a field, not a path")

UNMATCHED_MAPPING: Final = define(
    "NK226",
    "unmatched-mapping",
    Severity.WARNING,
    "A mapping sets a field that `outputParameters` do not declare, or nothing sets a declared output.",
    "Give the mapping and the output the same name.",
    "no output has the name '{name}': the mapping has no effect",
)
UNMATCHED_MAPPING_OUTPUT: Final = UNMATCHED_MAPPING.add_message(
    "no mapping sets the output '{name}': it is always null"
)
UNMATCHED_MAPPING_MOCK: Final = UNMATCHED_MAPPING.add_message(
    "nothing gives the output '{name}' a value: it is always null", "add a 'value'"
)

PRESENCE_CONDITION: Final = define(
    "NK227",
    "presence-condition",
    Severity.WARNING,
    "A condition has a step or a boolean alone. It asks only whether that is there, whatever its value is.",
    "Compare it: `$.step != null` for a step that was not skipped, `$.flag == true` for a boolean.",
    "'{path}' alone asks whether it is there, also as false",
    "write '{path} == true'",
)
PRESENCE_CONDITION_STEP: Final = PRESENCE_CONDITION.add_message(
    "'{path}' alone asks whether it is there, and an output always is, also as null", "write '{path} != null'"
)

UNKNOWN_ACTION: Final = define(
    "NK214",
    "unknown-action",
    Severity.ERROR,
    "A skill uses a tool that no `rest` or `mcp` expose has.",
    "Set `sourceNamespace` to an expose of this document, and `action` to one of its operations or tools.",
    "'{namespace}' has no operation or tool '{action}'",
)
UNKNOWN_ACTION_NAMESPACE: Final = UNKNOWN_ACTION.add_message(
    "no 'rest' or 'mcp' expose has the namespace '{namespace}'"
)
UNKNOWN_ACTION_OF_SKILLS: Final = UNKNOWN_ACTION.add_message(
    "'{namespace}' is a 'skill' expose: the tools of skills come from 'rest' and 'mcp' exposes",
    "write the namespace of the expose that has the operation or tool",
)

SHARED_NAMESPACE: Final = define(
    "NK215",
    "shared-namespace",
    Severity.WARNING,
    "An expose and a consumed API have the same namespace.",
    "Rename one of the two.",
    "'{namespace}' is also the namespace of a consumed API",
    "rename one; the other is on {line}",
)

UNLISTED_INPUT: Final = define(
    "NK216",
    "unlisted-input",
    Severity.WARNING,
    "A value of `with` refers to an input that its operation or tool does not list. It is added.",
    "Correct the name, or list the input under `inputParameters`.",
    "'{name}' is not a declared input; it is added",
)

UNDOCUMENTED_REFERENCE: Final = define(
    "NK217",
    "undocumented-reference",
    Severity.WARNING,
    "A value refers to an input or a variable in a form that the specification does not have. It is understood.",
    "Write `$this.<namespace>.x` under `with`, and `{{x}}` in a template.",
    "'{written}' is read as '{meant}'",
    "write '{meant}'",
)

UNRESOLVED_REF: Final = define(
    "NK218",
    "unresolved-ref",
    Severity.ERROR,
    "A `ref` refers to no function of an aggregate.",
    "Use the name of a function: `namespace.function`.",
    "no function '{ref}'",
)

VALUE_PREFIX: Final = define(
    "NK221",
    "value-prefix",
    Severity.INFO,
    "A value of `with` uses the prefix `rest.`, `tools.` or `mcp.`. Only `validate --fix` reports it.",
    "Use the namespace of the expose instead.",
    "'{prefix}.' means the namespace of the expose",
    "write '{meant}'",
)
