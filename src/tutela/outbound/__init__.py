"""The one door through which anything leaves: hosts that are listed, and no others."""

from tutela.outbound.client import Outbound, Reply
from tutela.outbound.errors import OutboundError, Reason
from tutela.outbound.hosts import Hosts, Target
from tutela.outbound.options import Options

__all__ = ["Hosts", "Options", "Outbound", "OutboundError", "Reason", "Reply", "Target"]
