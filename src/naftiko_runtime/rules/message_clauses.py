"""Problems of expressions, values and schemas: clauses of findings, and of errors for callers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.rules.rule import Noun, render_text

if TYPE_CHECKING:
    from naftiko_runtime.rules.rule import NounPhrase, Statement


class DescribedError(ValueError):
    """An error that says what is wrong as data. Its text is rendered only when it is shown.

    Attributes:
        problem: What is wrong.
    """

    def __init__(self, problem: NounPhrase | Statement) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return render_text(self.problem)


def describe_problem(error: ValueError) -> NounPhrase | Statement | str:
    """Return what is wrong as an argument of a finding; the text of an error that is a library's."""
    return error.problem if isinstance(error, DescribedError) else str(error)


# Templates and paths with placeholders.
EMPTY_PLACEHOLDER: Final = Noun("a placeholder is empty")
BRACE_ALONE: Final = Noun("a brace is unmatched, or a placeholder is empty")

# JSONPath.
AT_COLUMN: Final = Noun("column {column}: {problem}")
PATH_TOO_LONG: Final = Noun("the path has {count} characters: shorten it to {most}")
PATH_EMPTY: Final = Noun("the path is empty: write '$' for the whole value")
PATH_AFTER_FUNCTION: Final = Noun("nothing can follow '{name}()': remove the rest")
PATH_UNEXPECTED: Final = Noun(
    "unexpected {character}: continue with '.' or '[', or write a name that holds it as ['…']"
)
PATH_NO_DOT: Final = Noun("expected '.' or '[' after '{anchor}': write '{anchor}.{word}'")
PATH_DESCENTS: Final = Noun("more than {most} '..' in a path: name the fields between")
PATH_NO_NAME: Final = Noun("expected a name after the dot: remove the dot, or write the name as ['…']")
PATH_FUNCTION: Final = Noun("no function '{name}()': use one of {known:*()}, or write the name as ['…']")
PATH_STEP: Final = Noun("a slice cannot have the step 0: leave the step out")
PATH_UNQUOTED: Final = Noun("a name in brackets needs quotes: write ['{name}']")
PATH_BRACKETS: Final = Noun("expected a name in quotes, an index, a slice, '*' or '?(…)' in the brackets")
PATH_CONSTANT_ALONE: Final = Noun("a constant alone is not a condition: compare it, as in @.name == 'x'")
CONDITION_UNEXPECTED: Final = Noun("unexpected {character}: join two conditions with '&&' or '||'")
CONDITION_NO_NAME: Final = Noun("a path of a condition begins with the name of a step or an input, as in $.name")
PATH_OPERATOR: Final = Noun("no operator '{written}': use one of {known}")
PATH_OPERATOR_MEANT: Final = Noun("no operator '{written}': write '{meant}'")
PATH_NO_SLASH: Final = Noun("a regular expression is written between slashes: write =~ /…/")
NO_RESOURCE_URL: Final = Noun("the resource is not a URL such as https://api.example.com/mcp")
NO_ENDPOINT_URL: Final = Noun("an endpoint is not an http or https URL")
PATH_QUOTE_OPEN: Final = Noun("the quote is not closed: end it with {quote}")
PATH_NESTING: Final = Noun("filters nested more than {most} deep: simplify the condition")
PATH_KEY: Final = Noun("expected a name in quotes")
PATH_REGEX_OPEN: Final = Noun("the regular expression is not closed: end it with '/'")
PATH_REGEX_FLAG: Final = Noun("no flag '{flag}' of regular expressions: use i, m or s")
PATH_REGEX: Final = Noun("no regular expression that can be served in linear time: {problem}")
PATH_OPERAND: Final = Noun("expected a path from '@' or '$', a text in quotes, a number, true, false or null")
PATH_WORD: Final = Noun("'{word}' is not a constant: write '@.{word}', or quote it")
PATH_CONSTANT: Final = Noun("'{word}' is not a constant: write '{meant}'")
PATH_TEMPLATE: Final = Noun("a template is not a part of a path: write '$.name' instead of '{{{{name}}}}'")
PATH_WRITE: Final = Noun("{problem}: write '{token}' here")
PATH_LIST_OPEN: Final = Noun("the list is not closed")
PATH_OBJECT_OPEN: Final = Noun("the object is not closed")
PATH_NO_COLON: Final = Noun("a name and its value are parted by a colon")
PATH_NO_ARGUMENTS: Final = Noun("{name}() takes no arguments")
PATH_ARGUMENTS_OPEN: Final = Noun("the arguments of {name}() are not closed")
PATH_BRACKET_OPEN: Final = Noun("'[' is not closed")
PATH_CONDITION_OPEN: Final = Noun("expected '&&', '||' or the end of the condition")

# Types of values.
MUST_BE_TEXT: Final = Noun("must be a string")
MUST_BE_NUMBER: Final = Noun("must be a number")
MUST_BE_WHOLE: Final = Noun("must be a whole number")
MUST_BE_FLAG: Final = Noun("must be true or false")
MUST_BE_LIST: Final = Noun("must be a list")
MUST_BE_OBJECT: Final = Noun("must be an object")
MUST_BE_JSON_OBJECT: Final = Noun("must be an object as JSON")
MUST_BE_JSON: Final = Noun("must be JSON")
MUST_BE_FILE: Final = Noun("must be base64 or a data: URL")
RECEIVED: Final = Noun("{problem}; received {received}")
MUST_MATCH: Final = Noun("must match {pattern}")
NOT_ALLOWED: Final = Noun("must be one of {allowed:20 '*'}; received {received}")
NOT_ALLOWED_OF_MANY: Final = Noun("must be one of {allowed:20 '*'} and {more} others; received {received}")
NOT_ALLOWED_CLOSE: Final = Noun("must be one of {allowed:20 '*'}; received {received}, did you mean '{suggestion}'?")
TOO_SMALL: Final = Noun("must be at least {least}; received {received}")
TOO_GREAT: Final = Noun("must be at most {most}; received {received}")
TOO_SHORT: Final = Noun("must have {least} or more characters; received {received}, which has {length}")
TOO_LONG: Final = Noun("must have {most} or fewer characters; received {received}, which has {length}")
MUST_HAVE_FORMAT: Final = Noun("must have the format '{format}', such as {example}; received {received}")
ITEM: Final = Noun("item {number} {problem}")
GIVEN_TWICE: Final = Noun("given more than once")

# Values at their places in a request or a response.
FILE_CONTENT: Final = Noun("a file's content is given as base64 or as a data: URL")
FILE_BINARY: Final = Noun("a binary file can only be a part of a multipart form")
NOT_JSON: Final = Noun("not expressible as JSON: {problem}")
NUMBER_OUT_OF_RANGE: Final = Noun("not expressible as JSON: a number is out of range")
NOT_UNICODE: Final = Noun("not valid Unicode text")
FORM_SHAPE: Final = Noun("a form is an object of its fields")
HEADER_NAME: Final = Noun("it is not a header name that can be sent")
HEADER_VALUE: Final = Noun("a header value cannot hold control characters")
CONTENT_TYPE: Final = Noun("a part's content type is written 'type/subtype'")
SEGMENT: Final = Noun("a path segment cannot be empty, '.' or '..'")
SEGMENTS: Final = Noun("a path cannot hold segments '.' and '..'")
PATH_CONTROL: Final = Noun("a path cannot hold control characters")
LIST_SEPARATOR: Final = Noun("an item of the list holds '{separator}', which separates the items")
COOKIE_SEPARATOR: Final = Noun("an item of a list in a cookie holds ',', which separates the items")
XML_CONTROL: Final = Noun("XML cannot hold control characters")
SPARQL_STRING: Final = Noun("a SPARQL string cannot hold a backslash and a u")
SPARQL_BARE: Final = Noun("outside quotes, a SPARQL query takes a number or a name")
KEY_NOT_RSA: Final = Noun("the signing key is not a readable RSA key")
KEY_NOT_READ: Final = Noun("the signing key is neither PEM nor a file that can be read")

# Values of variables in URLs.
URL_PART: Final = Noun("{problem}, and only {needed} belongs there")
NEEDS_URL: Final = Noun("a URL with http:// or https://")
NEEDS_ORIGIN: Final = Noun("a URL with http:// or https://, without a port and a path")
NEEDS_SCHEME: Final = Noun("'http' or 'https'")
NEEDS_AUTHORITY: Final = Noun("a host with or without a port")
NEEDS_HOST: Final = Noun("a part of a host's name")
NEEDS_PORT: Final = Noun("a port's number")
NEEDS_PATH: Final = Noun("a part of a path")
HOLDS_CHARACTER: Final = Noun("it holds white space or another character that a URL cannot")
HOLDS_SCHEME: Final = Noun("it holds a scheme")
HOLDS_CREDENTIALS: Final = Noun("it holds credentials")
HOLDS_PATH: Final = Noun("it holds a path")
HOLDS_PORT: Final = Noun("it holds a port")
HOLDS_PORT_OR_PATH: Final = Noun("it holds a port or a path")
HOLDS_PERCENT: Final = Noun("it holds a '%'")
HOLDS_QUERY: Final = Noun("it holds a query or a fragment")
HOLDS_DOTS: Final = Noun("it holds segments '.' or '..'")
HAS_NO_SCHEME: Final = Noun("it has no scheme")
IS_SOMETHING_ELSE: Final = Noun("it is something else")

# Schemas of responses.
SCHEMA_CIRCLE: Final = Noun("its symbolic links are circular")
SCHEMA_NO_FILE: Final = Noun("it is not a regular file")
SCHEMA_SIZE: Final = Noun("it is larger than {most} bytes")
SCHEMA_DEPTH: Final = Noun("it is nested too deeply")
SCHEMA_NOT_JSON: Final = Noun("it is not valid JSON: {problem}")
AVRO_NO_TYPE: Final = Noun("this is not an Avro type: {schema}")
AVRO_KEYS: Final = Noun("an Avro {type} has missing keys: {schema}")
AVRO_UNKNOWN: Final = Noun("unknown Avro type '{name}'")
AVRO_TWICE: Final = Noun("the Avro type '{name}' is defined twice")
AVRO_NO_NAME: Final = Noun("an Avro {type} has no name: {schema}")
AVRO_FIELDS: Final = Noun("an Avro record has no fields, or one without a name or a type: {schema}")
AVRO_SCALE: Final = Noun("an Avro decimal has no such scale: {schema}")
SELECTOR: Final = Noun("'{selector}' is not a CSS selector")
PROTO_COMPILE: Final = Noun("compile it with protoc --descriptor_set_out=FILE --include_imports")
PROTO_COMPILER: Final = Noun("{problem}")
PROTO_STATUS: Final = Noun("the compiler ended with status {status}")
PROTO_SECONDS: Final = Noun("compiling it takes longer than {most} seconds")
PROTO_OUTSIDE: Final = Noun("imported files must be below the document's folder")
PROTO_NO_FILE: Final = Noun("'{name}' is not a file, or larger than {most} bytes")
PROTO_IMPORTS: Final = Noun("it imports more than {most} files")
PROTO_MESSAGES: Final = Noun("it has several messages; add one after '#': {known:*}")
PROTO_NO_MESSAGE: Final = Noun("it has no message '{name}': it has {known:*}")
PROTO_NO_SET: Final = Noun("it is not a descriptor set, and its name does not end in .proto; {advice}")
PROTO_INCOMPLETE: Final = Noun("it is not a complete descriptor set ({problem}); {advice}")
PROTO_EMPTY: Final = Noun("it has no messages; {advice}")
