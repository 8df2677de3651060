"""Helps that do not belong to one message. The check chooses one."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.missing_extra import advise_install
from naftiko_runtime.rules.rule import Help, Noun

DID_YOU_MEAN: Final = Help("did you mean '{suggestion}'?")
KNOWN: Final = Help("known: {known}")
FUNCTIONS: Final = Help("functions: {known}")
DECLARE_ARGUMENT: Final = Help("add '- name: {name}' to its 'arguments'")
FORMS: Final = {
    "template": Help("write a list of messages: [{{role: user, content: …}}]"),
    "content": Help("write the text alone"),
    "authentication": Help("write {{type: …}}, with the keys of that type"),
    "from": Help("write {{sourceNamespace: …, action: …}}"),
    "ttlMs": Help("write the number of milliseconds alone, such as 60000"),
    "cacheSeconds": Help("write the number of seconds alone, such as 60"),
}
"""How the value of a key is written, where its type does not say enough."""
NO_VARIABLES_IN_PROMPT: Final = Help("variables are never put into a prompt: write the text, or declare an argument")
DECLARE_FUNCTION: Final = Help("declare it under 'aggregates'")
CONSUMED_OPERATIONS: Final = Help("consumed operations: {known}")
DECLARE_CONSUMED: Final = Help("declare it under 'consumes'")
FILE_HAS: Final = Help("{file} has: {known}")
IMPORT_FROM: Final = Help("import '{namespace}' from '{file}'")
IN_FOLDER: Final = Help("it contains: {known}")
FOLDER_HAS: Final = Help("its folder contains: {known}")
FOLDERS_BESIDE: Final = Help("folders there: {known}")
NO_FOLDER: Final = Help("there is no folder '{folder}'")
REMOVE_IMPORT: Final = Help("remove the import: this document defines '{namespace}'")
CONSUMED_NAMESPACES: Final = Help("consumed namespaces: {known}")
REMOVE_FROM_LIST: Final = Help("remove it from the list")
REMOVE: Final = Help("remove it")
LEAVE_OUT: Final = Help("leave it out")
ONE_OF: Final = Help("one of: {known}")
OUTPUTS: Final = Help("outputs: {known}")
KNOWN_TYPES: Final = Help("known types: {known}")
BIND: Final = Help("bind it: 'binds: [{{namespace: {namespace}, keys: {{{key}: {key}}}}}]'")
LIST_KEY: Final = Help("add '{key}: {key}' to the keys of '{namespace}'")
LISTED: Final = Help("declared inputs: {known}")
WRITE_INPUT_WITH: Final = Help("write '{own}.x' for the caller's x; write text to send in the parameter's own 'value'")
WRITE_INPUT: Final = Help("write {{{{x}}}} for the caller's x, and {{{{NAME}}}} for a variable")
WITH_GIVES: Final = Help("'with' gives '{name}' another value")
WRITE_INTO_BODY: Final = Help("its body has no place for it: write {{{{{name}}}}} there")
MISSPELT_IN_BODY: Final = Help("did you mean it where the body has '{{{{{written}}}}}'? Write {{{{{name}}}}} there")
DECLARE_PARAMETER: Final = Help("declare it in the consumed operation's inputParameters")
DECLARE_PARAMETER_BESIDE: Final = Help("declare it in the consumed operation's inputParameters; it has {known:'*'}")
RENAME_PLACEHOLDER: Final = Help(
    "write {{{meant}}} instead of {{{name}}} in the route's path, or bind it: 'with: {{{meant}: {reference}}}'"
)
RENAME_TOOL_INPUT: Final = Help("name the input '{meant}', or bind it: 'with: {{{meant}: {reference}}}'")
PATH_HAS: Final = Help("the path has: {known}")
REPLACE_PLACEHOLDER: Final = Help(
    "write {{{name}}} instead of {{{placeholder}}} in the route's path, or name the input '{placeholder}'"
)
WRITE_PLACEHOLDER: Final = Help("write {{{name}}} instead of :{name} in the route's path")
WRITE_INTO_PATH: Final = Help("write {{{name}}} into the path, or 'in: query' here")
GIVE_FIXED_VALUE: Final = Help("give it a fixed 'value', or remove it")
NAME_KEY_HEADER: Final = Help("name the header that takes the key")
ADD_KEY_HEADER: Final = Help("add 'key: X-Api-Key', the name of the header")
ADD_KEY_NAME: Final = Help("add 'key: api_key', its name in the {where}")
WRITE_KEY: Final = Help("write the name alone: '{variable}: {name}'")
ADD_IMPORT: Final = Help("add 'import: …', the namespace there")
ADD_AUTHENTICATION_TYPE: Final = Help("add 'type: …', one of {known:*}")
ADD_EXPOSE_TYPE: Final = Help("add 'type: rest' or 'type: mcp'")
ADD_MCP_PORT: Final = Help("add 'port: 9090'")
START_CONTROL: Final = Help("start with --control [HOST:]PORT for health checks")
REMOVE_JOINED: Final = Help("remove it: a list is joined by commas there")
GIVE_HTTP_URL: Final = Help("give a full URL such as https://api.example/v1")
GIVE_URL: Final = Help("give a full URL, or start with --base-uri {namespace}=URL")
GIVE_URL_WITH_VARIABLE: Final = Help(
    "write a URL such as https://{{{{HOST}}}}/v1, or start with --base-uri {namespace}=URL"
)
WRITE_BRACES: Final = Help("write {meant:and *}, or start with --base-uri {namespace}=URL")
WRITE_BRACES_AND_BIND: Final = Help(
    "write {meant:and *} and bind it ('binds: [{{namespace: env, keys: {{{unbound:*: *}}}}}]'), "
    "or start with --base-uri {namespace}=URL"
)
KNOWN_KEYS: Final = Help("known keys: {known}")
INSTALL_EXTRA: Final = Help(advise_install("{extra}"))
KNOWN_SCHEMES: Final = Help("known schemes: {known}")
DID_YOU_MEAN_OR_BIND: Final = Help(
    "did you mean '{suggestion}'? Otherwise bind it: 'binds: [{{namespace: {namespace}, keys: {{{name}: {name}}}}}]'"
)
DID_YOU_MEAN_OR_LIST: Final = Help(
    "did you mean '{suggestion}'? Otherwise add '{name}: {name}' to the keys of '{namespace}'"
)
ONE_TYPE_ON_PORT: Final = Help("only exposes of one type can share a port; {move}")
ONE_ADDRESS_ON_PORT: Final = Help("only exposes of one address can share a port; {move}")
GUARDED_PORT: Final = Help("an expose with authentication cannot share its port; {move}")
MOVE_ONE: Final = Noun("change one, or start with --port {namespace}=N")
MOVE_IN_FILE: Final = Noun("change the port in one of the files: --port {namespace}=N moves both")
ADD_LOCATION: Final = Help("add 'location: file:///./FOLDER', relative to the folder of this file")
ADD_STEP_TYPE: Final = Help("add 'type: {type}'")
IN_LOOP: Final = Help("'$.{name}' exists only for the items of a 'forEach'")
STEP_KINDS: Final = Help("step types: {known}")
EARLIER_STEPS: Final = Help("earlier steps: {known}")
IT_HAS: Final = Help("it has: {known}")
NAME_OPERATION: Final = Help("give the operation a name there")
EXPOSED_NAMESPACES: Final = Help("exposed namespaces: {known}")
STRAIGHT_QUOTES: Final = Help("write straight quotes, or none")
ADD_KEY: Final = Help("add '{key}: …'")
GIVE_VALUE: Final = Help("give it a value, or leave the key out")
IT: Final = Help("it {needs}")
KEEP_ONE: Final = Help("keep one of the two")
LIST_ENTRIES: Final = Help("begin each entry with '- '")
LIST_BINDS: Final = Help("write a list: '- namespace: env', and below it '  keys: {{NAME: NAME}}'")
INDENT_BELOW: Final = Help("indent {keys:and '*'} below '{parent}'")
MAP_FORM: Final = Help("write '{key}: {{{pairs:*}}}'")
MAPPING_LINES: Final = Help("write 'key: value' lines")
QUOTE: Final = Help('quote it: "{text}"')
STANDS_FOR: Final = Help("did you mean it instead of '{misspelt}'?")
TAKES: Final = Help("it takes {form}")
TAKES_BETWEEN: Final = Help("it takes {low} to {high}")
TAKES_FROM: Final = Help("it takes {low} or more")
TAKES_ONE_OF: Final = Help("it takes one of {words:*}")
TAKES_WORD: Final = Help("it takes '{word}'")
WRITE_TYPE: Final = Help("write {types:or 'type: *'}, or remove it")
WRITE_PLAIN_VALUE: Final = Help("write the plain value")
EXPECT_CAPABILITY: Final = Help(
    "a capability is a YAML file with 'naftiko: 1.0.0-alpha2', 'info:' and 'capability:'; is it another file?"
)
CHECK_INDENTATION: Final = Help("check the indentation of this line and the ones above")
INDENT_WITH_SPACES: Final = Help("indent with spaces")
DOUBLE_BACKSLASH: Final = Help("double the backslash, or use single quotes")
KNOWN_VERSIONS: Final = Help("known versions: {known}")
CONSUME_API: Final = Help("write a capability that consumes this API: 'baseUri' and 'resources' under 'consumes'")
WRITE_MCP_EXPOSE: Final = Help("write a capability with an expose of 'type: mcp'")
DID_YOU_MEAN_WHERE: Final = Help("did you mean '{suggestion}' instead of '{written}'?")
ADD_CAPABILITY: Final = Help("add 'capability:' with 'consumes:' and 'exposes:'")
ADD_VERSION: Final = Help("add 'naftiko: 1.0.0-alpha2'")
PORT_NUMBER: Final = Help("write a number from 0 to 65535, such as 8080")
ADD_PORT: Final = Help("add 'port: 8080'")
OWN_RESOURCE: Final = Help("give the operation a resource of its own with this path")
OWN_ADDRESS: Final = Help("reach the API by its own address, or start with --base-uri NAMESPACE=URL")
RESPONSE_PASSES_THROUGH: Final = Help("callers get the upstream's response; 'outputMediaType' gives it another type")
REPLACE_CHARACTER: Final = Help("replace the character U+{code} in it by an ordinary space")
