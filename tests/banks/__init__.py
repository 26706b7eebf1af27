"""Tests of the banks, and the index files that they make."""
