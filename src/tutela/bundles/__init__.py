"""Bundles: a case or a report for any receiver, sealed, signed and verified without a database."""
