"""What can go wrong with webhooks."""

from __future__ import annotations

from tutela.errors import TutelaError
from tutela.sealing import SealingError

__all__ = [
    "EndpointRefused",
    "NoSuchEndpoint",
    "NoSuchMessage",
    "SealingError",
    "WebhookError",
]


class WebhookError(TutelaError):
    """An endpoint or a delivery that is not one, or that cannot be as asked."""


class EndpointRefused(WebhookError):
    """An endpoint that cannot be as was said."""


class NoSuchEndpoint(WebhookError):
    """There is no endpoint of this name."""


class NoSuchMessage(WebhookError):
    """There is no message of this id."""
