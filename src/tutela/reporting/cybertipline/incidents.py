"""The report, and what happened where: `report` and its blocks (A.4)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from tutela.reporting.cybertipline.captures import Address, Email, Phone
from tutela.reporting.cybertipline.people import (
    FREE,
    URL,
    AdditionalInfo,
    ContactPerson,
    IntendedRecipient,
    IpCaptureEvents,
    PersonOrUserReported,
    Reporter,
    Victim,
)
from tutela.reporting.cybertipline.tags import Model, attribute, element, flag, model, text
from tutela.reporting.cybertipline.vocabulary import COUNTRY, BatchedReportReason, IncidentType

Content = Annotated[str | None, element("content", FREE, xsd="content")]
EmailAddresses = Annotated[tuple[Email, ...], element("emailAddress")]


@model
class BatchedReport(Model):
    """`batchedReport`: several reported users stand in this report, for this reason."""

    SECTION: ClassVar[str] = "A.4"
    reason: Annotated[BatchedReportReason, attribute("reason")]


@model
class ReportAnnotations(Model):
    """`reportAnnotations`: flags of the whole report (A.6). Newer: `informational`."""

    SECTION: ClassVar[str] = "A.6"
    UNORDERED: ClassVar[bool] = True
    sextortion: Annotated[bool, flag("sextortion")] = False
    csam_solicitation: Annotated[bool, flag("csamSolicitation")] = False
    minor_to_minor_interaction: Annotated[bool, flag("minorToMinorInteraction")] = False
    spam: Annotated[bool, flag("spam")] = False
    sadistic_online_exploitation: Annotated[bool, flag("sadisticOnlineExploitation")] = False
    informational: Annotated[bool, flag("informational", newer=True)] = False


@model
class IncidentSummary(Model):
    """`incidentSummary`: `platform` of at most 256 characters, the other texts 3000.

    `escalateToHighPriority` is itself the escalation, and its text the reason: never blank.
    `incidentDateTime` must not be in the future.
    """

    TAG: ClassVar[str] = "incidentSummary"
    SECTION: ClassVar[str] = "A.4"
    incident_type: Annotated[IncidentType, element("incidentType")]
    platform: Annotated[str | None, element("platform", 256)] = None
    escalate_to_high_priority: Annotated[str | None, element("escalateToHighPriority", FREE)] = None
    report_annotations: Annotated[ReportAnnotations | None, element("reportAnnotations")] = None
    incident_date_time: Annotated[datetime, element("incidentDateTime")]
    incident_date_time_description: Annotated[
        str | None, element("incidentDateTimeDescription", FREE)
    ] = None


@model
class WebPageIncident(Model):
    """`webPageIncident`: URLs of at most 2083 characters."""

    TAG: ClassVar[str] = "webPageIncident"
    SECTION: ClassVar[str] = "A.4"
    third_party_hosted_content: Annotated[bool | None, attribute("thirdPartyHostedContent")] = None
    url: Annotated[tuple[str, ...], element("url", URL, whole=True)] = ()
    additional_info: AdditionalInfo = None


@model
class EmailIncident(Model):
    """`emailIncident`: `content` is headers, subject and text."""

    TAG: ClassVar[str] = "emailIncident"
    SECTION: ClassVar[str] = "A.4"
    email_address: EmailAddresses = ()
    content: Content = None
    additional_info: AdditionalInfo = None


@model
class NewsgroupIncident(Model):
    """`newsgroupIncident`: `name` of at most 255 characters."""

    TAG: ClassVar[str] = "newsgroupIncident"
    SECTION: ClassVar[str] = "A.4"
    name: Annotated[str | None, element("name", 255)] = None
    email_address: EmailAddresses = ()
    content: Content = None
    additional_info: AdditionalInfo = None


@model
class ChatImIncident(Model):
    """`chatImIncident`: `chatClient` and `chatRoomName` of at most 255 characters."""

    TAG: ClassVar[str] = "chatImIncident"
    SECTION: ClassVar[str] = "A.4"
    chat_client: Annotated[str | None, element("chatClient", 255)] = None
    chat_room_name: Annotated[str | None, element("chatRoomName", 255)] = None
    content: Content = None
    additional_info: AdditionalInfo = None


@model
class OnlineGamingIncident(Model):
    """`onlineGamingIncident`: `gameName` and `console` of at most 255 characters."""

    TAG: ClassVar[str] = "onlineGamingIncident"
    SECTION: ClassVar[str] = "A.4"
    game_name: Annotated[str | None, element("gameName", 255)] = None
    console: Annotated[str | None, element("console", 255)] = None
    content: Content = None
    additional_info: AdditionalInfo = None


@model
class CellPhoneIncident(Model):
    """`cellPhoneIncident`: degrees, north and east positive."""

    TAG: ClassVar[str] = "cellPhoneIncident"
    SECTION: ClassVar[str] = "A.4"
    phone_number: Annotated[Phone | None, element("phoneNumber")] = None
    latitude: Annotated[float | None, element("latitude", low=-90, high=90, xsd="latlong")] = None
    longitude: Annotated[float | None, element("longitude", low=-180, high=180, xsd="latlong")] = (
        None
    )
    additional_info: AdditionalInfo = None


@model
class NonInternetIncident(Model):
    """`nonInternetIncident`: `locationName` of at most 255 characters."""

    TAG: ClassVar[str] = "nonInternetIncident"
    SECTION: ClassVar[str] = "A.4"
    location_name: Annotated[str | None, element("locationName", 255)] = None
    incident_address: Annotated[tuple[Address, ...], element("incidentAddress")] = ()
    additional_info: AdditionalInfo = None


@model
class Peer2peerIncident(Model):
    """`peer2peerIncident`: `client` of at most 255 characters."""

    TAG: ClassVar[str] = "peer2peerIncident"
    SECTION: ClassVar[str] = "A.4"
    client: Annotated[str | None, element("client", 255)] = None
    ip_capture_event: IpCaptureEvents = ()
    file_names: Annotated[str | None, element("fileNames", FREE)] = None
    additional_info: AdditionalInfo = None


ONE = {"choice": "incident", "minimum": 1}


@model
class InternetDetails(Model):
    """`internetDetails`: exactly one of the eight."""

    TAG: ClassVar[str] = "internetDetails"
    SECTION: ClassVar[str] = "A.4"
    web_page_incident: Annotated[WebPageIncident | None, element("webPageIncident", **ONE)] = None
    email_incident: Annotated[EmailIncident | None, element("emailIncident", **ONE)] = None
    newsgroup_incident: Annotated[NewsgroupIncident | None, element("newsgroupIncident", **ONE)] = (
        None
    )
    chat_im_incident: Annotated[ChatImIncident | None, element("chatImIncident", **ONE)] = None
    online_gaming_incident: Annotated[
        OnlineGamingIncident | None, element("onlineGamingIncident", **ONE)
    ] = None
    cell_phone_incident: Annotated[
        CellPhoneIncident | None, element("cellPhoneIncident", **ONE)
    ] = None
    non_internet_incident: Annotated[
        NonInternetIncident | None, element("nonInternetIncident", **ONE)
    ] = None
    peer2peer_incident: Annotated[Peer2peerIncident | None, element("peer2peerIncident", **ONE)] = (
        None
    )


@model
class ServedLegalProcessInternational(Model):
    """`servedLegalProcessInternational`: `fleaCountry` is newer on `lawEnforcement`."""

    SECTION: ClassVar[str] = "A.4"
    value: Annotated[bool, text()]
    flea_country: Annotated[
        str | None, attribute("fleaCountry", among=COUNTRY, moved="lawEnforcement@fleaCountry")
    ] = None


@model
class LawEnforcement(Model):
    """`lawEnforcement`: `agencyName` of at most 255 characters, `caseNumber` 100. Newer:
    `fleaCountry` stands here."""

    TAG: ClassVar[str] = "lawEnforcement"
    SECTION: ClassVar[str] = "A.4"
    flea_country: Annotated[str | None, attribute("fleaCountry", among=COUNTRY, newer=True)] = None
    agency_name: Annotated[str, element("agencyName", 255)]
    case_number: Annotated[str | None, element("caseNumber", 100, whole=True)] = None
    officer_contact: Annotated[ContactPerson | None, element("officerContact")] = None
    reported_to_le: Annotated[
        bool | None, element("reportedToLe", xsd="reportedToLawEnforcement")
    ] = None
    served_legal_process_domestic: Annotated[bool | None, element("servedLegalProcessDomestic")] = (
        None
    )
    served_legal_process_international: Annotated[
        ServedLegalProcessInternational | None, element("servedLegalProcessInternational")
    ] = None


@model
class Report(Model):
    """`report`, the root of what `/submit` takes. The least that is valid: type and time of the
    incident, and who reports. The schema allows many `personOrUserReported`, the documentation one.
    """

    TAG: ClassVar[str] = "report"
    SECTION: ClassVar[str] = "A.4"
    batched_report: Annotated[BatchedReport | None, element("batchedReport")] = None
    incident_summary: Annotated[IncidentSummary, element("incidentSummary")]
    internet_details: Annotated[tuple[InternetDetails, ...], element("internetDetails")] = ()
    law_enforcement: Annotated[LawEnforcement | None, element("lawEnforcement")] = None
    reporter: Annotated[Reporter, element("reporter")]
    person_or_user_reported: Annotated[
        tuple[PersonOrUserReported, ...], element("personOrUserReported")
    ] = ()
    intended_recipient: Annotated[tuple[IntendedRecipient, ...], element("intendedRecipient")] = ()
    victim: Annotated[tuple[Victim, ...], element("victim")] = ()
    additional_info: AdditionalInfo = None
