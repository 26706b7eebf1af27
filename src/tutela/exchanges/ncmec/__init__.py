"""NCMEC's hash sharing, version 2.

`pages` reads what it answers, `windows` says which part of time to ask for next, `telling` writes
feedback, and `partner` is the partner. None of them does I/O, or has a clock.
"""
