"""The table of rules: what each kind of finding means, what to do about it, and what its findings say.

Rules are public: their slug and code never change meaning. Nothing else knows what findings say: a finding is data
(a rule's message, its arguments and places), and nobody decides by its text.
"""

from naftiko_runtime.rules.credentials import *
from naftiko_runtime.rules.documents import *
from naftiko_runtime.rules.exposes import *
from naftiko_runtime.rules.expressions import *
from naftiko_runtime.rules.hygiene import *
from naftiko_runtime.rules.links import *
from naftiko_runtime.rules.rule import (
    RULES as RULES,
)
from naftiko_runtime.rules.rule import (
    Advice as Advice,
)
from naftiko_runtime.rules.rule import (
    Argument as Argument,
)
from naftiko_runtime.rules.rule import (
    Arguments as Arguments,
)
from naftiko_runtime.rules.rule import (
    Help as Help,
)
from naftiko_runtime.rules.rule import (
    Message as Message,
)
from naftiko_runtime.rules.rule import (
    Noun as Noun,
)
from naftiko_runtime.rules.rule import (
    Rule as Rule,
)
from naftiko_runtime.rules.rule import (
    Severity as Severity,
)
from naftiko_runtime.rules.rule import (
    Statement as Statement,
)
from naftiko_runtime.rules.rule import (
    Term as Term,
)
from naftiko_runtime.rules.rule import (
    render_statement as render_statement,
)
from naftiko_runtime.rules.rule import (
    render_text as render_text,
)
