"""Rules about MCP resources and prompts: their URIs, files, names and arguments."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.references import DUPLICATE_NAME, UNUSED_INPUT
from naftiko_runtime.rules.rule import Severity, define

LOCATION: Final = define(
    "NK141",
    "invalid-location",
    Severity.ERROR,
    "A folder of resources or of a skill, or a file, cannot be served.",
    "Correct the `location`, or what is there.",
)
LOCATION_URI: Final = LOCATION.add_message(
    "'{name}' is not the URI of a local file", "write 'file:///./NAME', relative to the folder of this file"
)
LOCATION_FOLDER: Final = LOCATION.add_message("there is no folder '{name}'")
LOCATION_IS_FILE: Final = LOCATION.add_message(
    "'{name}' is a file, not a folder", "name its folder: every file in it is served"
)
LOCATION_FILE: Final = LOCATION.add_message("there is no file '{name}'")
LOCATION_EMPTY: Final = LOCATION.add_message(
    "the folder '{name}' has no files", "add files; hidden ones are not served"
)
LOCATION_OUTSIDE: Final = LOCATION.add_message("'{name}' leads out of the folder", "copy the file into the folder")
LOCATION_LINKED_FOLDER: Final = LOCATION.add_message(
    "'{name}' is a link to a folder, which is not followed", "copy the files into the folder"
)
LOCATION_KIND: Final = LOCATION.add_message("'{name}' is not a regular file", "name a file with text")
LOCATION_NAME: Final = LOCATION.add_message("the name '{name}' is not Unicode", "rename the file")
LOCATION_UNREADABLE: Final = LOCATION.add_message("'{name}' cannot be read")
LOCATION_FILE_SIZE: Final = LOCATION.add_message("'{name}' is too large")
LOCATION_TEXT: Final = LOCATION.add_message("'{name}' is not UTF-8")
LOCATION_COUNT: Final = LOCATION.add_message("the folder '{name}' has more than 1,000 files")
LOCATION_SIZE: Final = LOCATION.add_message("the files of '{name}' together have more than 64 MiB")

URI: Final = define(
    "NK341",
    "invalid-uri",
    Severity.ERROR,
    "The URI of a resource is invalid, or a template that is not served.",
    "Write `scheme://name`, and `{name}` for each part that callers choose.",
)
URI_SCHEME: Final = URI.add_message("a URI begins with a scheme", "write 'docs://…', for example")
URI_CHARACTER: Final = URI.add_message("a URI cannot contain '{character}'", "percent-encode it")
URI_BRACE: Final = URI.add_message("a brace in the URI is unmatched", "write '{{name}}' for a part that callers choose")
URI_EXPRESSION: Final = URI.add_message(
    "the template expression '{{{expression}}}' is not served: only names are (RFC 6570, level 1)",
    "write '{{{name}}}', with letters, digits and '_'",
)
URI_DOUBLE_BRACES: Final = URI.add_message(
    "'{{{{{name}}}}}' has two braces: a URI has no variables of the environment",
    "write '{{{name}}}' for a part that callers choose",
)
URI_TWICE: Final = URI.add_message("the URI has '{{{name}}}' twice", "give each part its own name")
URI_ADJACENT: Final = URI.add_message(
    "two template expressions have no text between them", "put a '/' or other text between them"
)
URI_OF_FOLDER: Final = URI.add_message(
    "the URI of a folder cannot be a template: the paths of its files are appended", "write it without braces"
)
URI_OF_SKILLS: Final = URI.add_message(
    "URIs below 'skill://{namespace}/' are those of the skills of '{namespace}'",
    "choose another scheme, or another name",
)

DUPLICATE_NAME_RESOURCE: Final = DUPLICATE_NAME.add_message(
    "the resource '{name}' is defined twice", "rename one; the first is on {line}"
)
DUPLICATE_NAME_URI: Final = DUPLICATE_NAME.add_message(
    "'{uri}' is the URI of another resource too", "change one; the first is on {line}"
)
DUPLICATE_NAME_URI_ON_PORT: Final = DUPLICATE_NAME.add_message(
    "the resource '{uri}' is exposed by '{first}' and '{second}', which share port {port}",
    "change one, or start with --port {second}=N",
)
DUPLICATE_NAME_PROMPT: Final = DUPLICATE_NAME.add_message(
    "the prompt '{name}' is defined twice", "rename one; the first is on {line}"
)
DUPLICATE_NAME_ARGUMENT: Final = DUPLICATE_NAME.add_message(
    "the argument '{name}' is defined twice", "rename one; the first is on {line}"
)
DUPLICATE_NAME_PROMPT_ON_PORT: Final = DUPLICATE_NAME.add_message(
    "the prompt '{name}' is exposed by '{first}' and '{second}', which share port {port}",
    "change one, or start with --port {second}=N",
)

UNUSED_INPUT_OF_PROMPT: Final = UNUSED_INPUT.add_message(
    "no message uses the argument '{name}'", "write {{{{{name}}}}} into a message"
)

UNDECLARED_ARGUMENT: Final = define(
    "NK241",
    "undeclared-argument",
    Severity.WARNING,
    "A message of a prompt has a placeholder that no argument fills. It stays in the text.",
    "Declare the argument, or correct the name.",
    "no argument of the prompt is called '{name}'",
)
