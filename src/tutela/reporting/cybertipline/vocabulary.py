"""The words that the authority's schema lists (A.6): nowhere else do its categories stand."""

from __future__ import annotations

from enum import StrEnum

from tutela.reporting.cybertipline.tags import words


class IncidentType(StrEnum):
    """`incidentType`: T1 to T8, as listed in A.6."""

    T1 = "Child Pornography (possession, manufacture, and distribution)"
    T2 = "Child Sex Trafficking"
    T3 = "Child Sex Tourism"
    T4 = "Child Sexual Molestation"
    T5 = "Misleading Domain Name"
    T6 = "Misleading Words or Digital Images on the Internet"
    T7 = "Online Enticement of Children for Sexual Acts"
    T8 = "Unsolicited Obscene Material Sent to a Child"


class BatchedReportReason(StrEnum):
    """`batchedReport/@reason`: why several reported users stand in one report."""

    VIRAL_POTENTIAL_MEME = "VIRAL_POTENTIAL_MEME"


class EventName(StrEnum):
    """`eventName` of an address or a device: when it was seen."""

    LOGIN = "Login"
    REGISTRATION = "Registration"
    PURCHASE = "Purchase"
    UPLOAD = "Upload"
    OTHER = "Other"
    UNKNOWN = "Unknown"


class AddressType(StrEnum):
    """`address/@type`."""

    HOME = "Home"
    BUSINESS = "Business"
    BILLING = "Billing"
    SHIPPING = "Shipping"
    TECHNICAL = "Technical"


class EmailType(StrEnum):
    """`email/@type`."""

    HOME = "Home"
    WORK = "Work"
    BUSINESS = "Business"
    RECOVERY = "Recovery"


class PhoneType(StrEnum):
    """`phone/@type`."""

    MOBILE = "Mobile"
    HOME = "Home"
    BUSINESS = "Business"
    WORK = "Work"
    FAX = "Fax"
    INTERNET = "Internet"
    RECOVERY = "Recovery"


class AssociatedAccountType(StrEnum):
    """`associatedAccount/@type`; newer: `@accountType`."""

    BILLING = "Billing"
    LINKED = "Linked"
    BUSINESS = "Business"
    CREATOR = "Creator"
    PARENT_GUARDIAN = "Parent/Guardian"
    OTHER = "Other"


class FileRelevance(StrEnum):
    """`fileRelevance`; where none is given, the authority takes the first."""

    REPORTED = "Reported"
    SUPPLEMENTAL_REPORTED = "Supplemental Reported"


class FileClassification(StrEnum):
    """`industryClassification`: only for who signed the agreement of the hash-sharing platform."""

    A1 = "A1"
    A2 = "A2"
    B1 = "B1"
    B2 = "B2"


class MetadataType(StrEnum):
    """`details/@type`; newer: `nameValuePair/@type`."""

    EXIF = "EXIF"
    HASH = "HASH"


COUNTRY = words(
    "country",
    """
    A1 A2 AD AE AF AG AI AL AM AN AO AP AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM
    BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ
    DK DM DO DZ EC EE EG EH ER ES ET EU FI FJ FK FM FO FR FX GA GB GD GE GF GG GH GI GL GM GN GP
    GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI
    KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP
    MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ O1 OM PA PE PF PG PH PK PL
    PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN
    VU WF WS XK YE YT ZA ZM ZW
    """,
)
"""`country`, `countryCode`, `fleaCountry`: ISO 3166-1 alpha-2, with some that were withdrawn, `EU`,
and A1, A2 and O1 for what is no country."""

STATE = words(
    "state",
    """
    AK AL AR AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE
    NH NJ NM NV NY OH OK OR PA PR RI SC SD TN TX UT VA VI VT WA WI WV WY
    """,
)
"""`state`: states and territories of the United States."""
