"""What an operator must be able to show of itself, filled from its own settings and records."""
