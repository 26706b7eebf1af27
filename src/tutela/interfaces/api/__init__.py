"""The HTTP API: base `/api/v1`, and what watches over the service."""
