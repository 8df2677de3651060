"""What to do about findings where that is not fixed by the finding's message: chosen by what was found."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Help

DID_YOU_MEAN: Final = Help("did you mean '{suggestion}'?")
KNOWN: Final = Help("known: {known}")
CONSUMED_OPERATIONS: Final = Help("consumed operations: {known}")
DECLARE_CONSUMED: Final = Help("declare it under 'consumes'")
FILE_HAS: Final = Help("{file} has: {known}")
IMPORT_FROM: Final = Help("import '{namespace}' from '{file}'")
IN_FOLDER: Final = Help("in it: {known}")
NO_FOLDER: Final = Help("there is no folder '{folder}'")
REMOVE_IMPORT: Final = Help("remove the import: this document defines '{namespace}'")
CONSUMED_NAMESPACES: Final = Help("consumed namespaces: {known}")
REMOVE_FROM_LIST: Final = Help("remove it from the list")
