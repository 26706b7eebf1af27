"""Published tables, to check this against.

People by the lists they are on; a history is written as the letters of its lists.
"""

from __future__ import annotations

from tutela.estimation.histories import Histories

UK_SIX = (
    "LA NG PF GO GP NCA",
    """100000 54 010000 463 001000 907 000100 695 000010 316 000001 57 110000 15 101000 19
    100100 3 011000 56 010100 19 010010 1 010001 3 001100 69 001010 10 001001 31 000110 8
    000101 6 000011 1 111000 1 110100 1 011100 4 011001 3 001101 1 111100 1""",
)
"""Potential victims of trafficking, United Kingdom, 2013: local authorities, non-government, police
forces, government, general public, National Crime Agency (Home Office 2014)."""

UK_FIVE = (
    "LA NG PFNCA GO GP",
    """10000 54 01000 463 00100 995 00010 695 00001 316 11000 15 10100 19 10010 3 01100 62
    01010 19 01001 1 00110 76 00101 11 00011 8 11100 1 11010 1 01110 4 11110 1""",
)
"""The same, with police forces and the agency as one list (Chan, Silverman and Vincent 2021)."""

WESTERN = (
    "A B C D E",
    """10000 52 01000 90 00100 114 00010 45 00001 21 10100 4 10010 2 10001 5 01100 6 01010 1
    00011 3 10101 1 01110 1""",
)
"""Victims of trafficking at a place in the west of the United States (Chan, Silverman and Vincent
2021)."""

KOSOVO = (
    "EXH ABA OSCE HRW",
    """1000 1131 0100 845 0010 936 0001 306 1100 177 1010 228 1001 106 0110 217 0101 31 0011 123
    1110 181 1101 18 1011 42 0111 32 1111 27""",
)
"""People killed in Kosovo, 20 March to 22 June 1999: exhumations and three sets of interviews."""

ROME = (
    "c1 c2 c3 c4",
    """1110 3 1101 1 1100 33 1010 20 1001 6 1000 403 0111 3 0110 35 0101 10 0100 545 0011 11
    0010 621 0001 205""",
)
"""People with HIV in Rome, from four sources."""

ARTIFICIAL = ("A B C", "100 40 010 30 001 20 110 6")
"""Made so that some models have no estimate."""


def published(table: tuple[str, str]) -> Histories:
    """The histories of one of these."""
    lists, written = table[0].split(), table[1].split()
    return Histories.of(
        lists,
        {
            sum((letter == "1") << i for i, letter in enumerate(history)): int(count)
            for history, count in zip(written[::2], written[1::2], strict=True)
        },
    )
