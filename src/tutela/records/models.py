"""The rows of records."""
