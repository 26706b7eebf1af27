"""How long a text may be, in characters, as the documentation says and the schema does not."""

from __future__ import annotations

from lxml import etree

ACCOUNT = {"espIdentifier": 255, "espService": 100, "screenName": 256, "groupIdentifier": 255}
NAMES = {"firstName": 100, "lastName": 100}

LENGTHS: dict[str, dict[str, int]] = {
    "incidentSummary": {
        "platform": 256, "escalateToHighPriority": 3000, "incidentDateTimeDescription": 3000,
    },
    "newsgroupIncident": {"name": 255},
    "chatImIncident": {"chatClient": 255, "chatRoomName": 255},
    "onlineGamingIncident": {"gameName": 255, "console": 255},
    "nonInternetIncident": {"locationName": 255},
    "peer2peerIncident": {"client": 255},
    "lawEnforcement": {"agencyName": 255, "caseNumber": 100},
    "reporter": {"termsOfService": 3000, "legalURL": 2083},
    "personOrUserReported": ACCOUNT | {"vehicleDescription": 300},
    "intendedRecipient": ACCOUNT,
    "victim": ACCOUNT | {"schoolName": 255},
    "reportingPerson": NAMES,
    "contactPerson": NAMES,
    "officerContact": NAMES,
    "personOrUserReportedPerson": NAMES,
    "intendedRecipientPerson": NAMES,
    "victimPerson": NAMES,
    "address": {"address": 255, "city": 100, "zipCode": 20, "nonUsaState": 100},
    "deviceId": {"idType": 255, "idValue": 2083},
    "estimatedLocation": {"city": 255, "region": 255},
    "fileDetails": {"originalFileName": 2056, "locationOfFile": 2083},
    "nameValuePair": {"name": 64},
}  # fmt: skip
"""Of the elements of an element."""

ANYWHERE = {"email": 255, "phone": 50}


def too_long(root: etree._Element) -> str:
    """The first element that is too long; empty: none is."""
    for element in root.iter(etree.Element):
        parent = element.getparent()
        inside = LENGTHS.get(str(parent.tag), {}) if parent is not None else {}
        tag = str(element.tag)
        most = inside.get(tag, ANYWHERE.get(tag))
        if most is not None and len(element.text or "") > most:
            return f"{tag} has more than {most} characters"
    return ""
