"""What happened, told to the rooms on the right, and kept as the source of every later figure."""

from tutela.events.service import Bus, emit, record

__all__ = ["Bus", "emit", "record"]
