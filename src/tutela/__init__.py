"""Tutela: find, remove and report known child sexual abuse material.

The public surface is the command line (``tutela --help``), the entry-point groups described in
``docs/extension-points.md`` and the contract tests in :mod:`tutela.testing`.
"""

from importlib.metadata import version

__version__ = version("tutela")
