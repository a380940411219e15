"""Consent that binds: what a wearer agreed to, signed, and the record of what was done under it.

`Stated` and `require` are light. What signs and reads signatures stands in modules of its own, for the
library beneath takes its time to import: `store` (the folder it is all in), `record`, `permit`,
`gate`, `chain` and `audit`, `sealed`.
"""

from .stated import Stated, require

__all__ = ["Stated", "require"]
