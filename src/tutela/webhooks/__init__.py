"""What the operator's own service is told: signed, durable, repeated until it was taken."""

from tutela.webhooks.sealing import Sealing
from tutela.webhooks.sending import deliver, due
from tutela.webhooks.service import counted, enqueue, purge, resend, tell_alarm

__all__ = ["Sealing", "counted", "deliver", "due", "enqueue", "purge", "resend", "tell_alarm"]
