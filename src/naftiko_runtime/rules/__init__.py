"""The table of rules: the meaning, remedy and messages of each kind of finding.

Rules are public: the meaning of a slug or a code never changes. Only this package has the texts of findings: a finding
is data (a rule's message, its arguments and places), and no code depends on its text.
"""

from naftiko_runtime.rules.credentials import *
from naftiko_runtime.rules.documents import *
from naftiko_runtime.rules.exposes_and_consumes import *
from naftiko_runtime.rules.expressions import *
from naftiko_runtime.rules.files import *
from naftiko_runtime.rules.model_texts import *
from naftiko_runtime.rules.recommendations import *
from naftiko_runtime.rules.references import *
from naftiko_runtime.rules.resources import *
from naftiko_runtime.rules.rule import *
from naftiko_runtime.rules.sandbox_response_files import *
from naftiko_runtime.rules.skills import *
