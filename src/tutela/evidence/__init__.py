"""What was blocked or queued, sealed: only the vault can open it, and only for a stated intent."""

from tutela.evidence.models import Purpose
from tutela.evidence.purging import purge
from tutela.evidence.service import found, hold, intend, listed, record
from tutela.evidence.sweeping import sweep

__all__ = ["Purpose", "found", "hold", "intend", "listed", "purge", "record", "sweep"]
