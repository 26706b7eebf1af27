"""`python -m tutela` is the command `tutela`."""

from tutela.interfaces.cli import main

main()
