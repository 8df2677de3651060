"""The table of rules: what each kind of finding means, what to do about it, and what its findings say.

Rules are public: their slug and code never change meaning. Nothing else knows what findings say: a finding is data
(a rule's message, its arguments and places), and nobody decides by its text.
"""

from naftiko_runtime.rules.apis import *
from naftiko_runtime.rules.credentials import *
from naftiko_runtime.rules.documents import *
from naftiko_runtime.rules.expressions import *
from naftiko_runtime.rules.files import *
from naftiko_runtime.rules.links import *
from naftiko_runtime.rules.recommendations import *
from naftiko_runtime.rules.rule import *
from naftiko_runtime.rules.sandbox_files import *
