"""Countries (ISO 3166-1 alpha-2), and what is known of the law that concerns screening there.

Not legal advice. Nowhere is it said that a law orders scanning. What a provider must report, and
how long it must keep what it reported, is not here but in law packs.
"""

from __future__ import annotations

_COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE
EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC
LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_COUNTRIES.split())

_EU = """
AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK
"""
EU = frozenset(_EU.split())

UNKNOWN = ("Nothing is known here of this country's law: confirm every line with counsel.",)

NOTES: dict[str, tuple[str, ...]] = {
    "US": (
        "No law orders a provider to search (18 USC 2258A(f)); it reports what it learns of.",
        "Whether and how messages may be searched, your terms of service and counsel say.",
    ),
    "GB": (
        "The Online Safety Act 2023 and Ofcom's codes of practice say what is asked of a service",
        "of your kind and size, and recommend hash matching to some: confirm what applies to you.",
    ),
    "EU": (
        "There is no general duty to monitor: Regulation (EU) 2022/2065 (DSA), Art. 8.",
        "Messages between persons are confidential (Directive 2002/58/EC). Regulation (EU)",
        "2021/1232 let providers search them by choice until 3 April 2026; whether anything is in",
        "force now, confirm with counsel before private-message is listed below.",
    ),
    "CA": (
        "SC 2011, c. 4 makes providers report what they are told of, and says that nothing in it",
        "makes them seek it out: confirm the bases below with counsel.",
    ),
    "AU": (
        "The Online Safety Act 2021 and its registered codes and standards say what a service of",
        "your kind is asked to do: confirm which apply to you.",
    ),
}  # fmt: skip
"""Comments for the top of a policy."""


def notes(country: str) -> tuple[str, ...]:
    """What a policy for this country says at its top of the law there."""
    return NOTES.get("EU" if country in EU else country, UNKNOWN)
