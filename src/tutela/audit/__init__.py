"""The log of every privileged act: appended to, chained, signed, and checked by anyone."""

from tutela.audit.service import append

__all__ = ["append"]
