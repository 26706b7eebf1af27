"""The signal types that Tutela ships: one module each, found by their entry points."""
