"""Who reports, who is reported, and who else is concerned: the person blocks of A.4."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from tutela.reporting.cybertipline.captures import (
    AccountPermanentlyDisabled,
    AccountTemporarilyDisabled,
    Address,
    DeviceId,
    Email,
    EstimatedLocation,
    IpCaptureEvent,
    Phone,
)
from tutela.reporting.cybertipline.tags import Model, attribute, element, model, text
from tutela.reporting.cybertipline.vocabulary import AssociatedAccountType

FREE = 3000
"""Characters of free text where neither schema nor documentation says a limit: what is documented
for the descriptions of an incident, and what a public client keeps to (A.4)."""

URL = 2083
"""Characters of a URL (A.4)."""

FirstName = Annotated[str | None, element("firstName", 100)]
LastName = Annotated[str | None, element("lastName", 100)]
Phones = Annotated[tuple[Phone, ...], element("phone")]
Emails = Annotated[tuple[Email, ...], element("email")]
Addresses = Annotated[tuple[Address, ...], element("address")]
Discrepancy = Annotated[bool | None, element("ageAssertionDiscrepancy", newer=True)]
DateOfBirth = Annotated[date | None, element("dateOfBirth")]

EspIdentifier = Annotated[str | None, element("espIdentifier", 255, whole=True)]
EspService = Annotated[str | None, element("espService", 100)]
Compromised = Annotated[bool | None, element("compromisedAccount")]
ScreenName = Annotated[str | None, element("screenName", 256, whole=True)]
DisplayNames = Annotated[tuple[str, ...], element("displayName", FREE)]
ProfileUrls = Annotated[tuple[str, ...], element("profileUrl", URL, whole=True)]
ProfileBio = Annotated[str | None, element("profileBio", FREE, xsd="text")]
IpCaptureEvents = Annotated[tuple[IpCaptureEvent, ...], element("ipCaptureEvent")]
DeviceIds = Annotated[tuple[DeviceId, ...], element("deviceId")]
PriorReports = Annotated[tuple[int, ...], element("priorCTReports", xsd="xs:long")]
GroupIdentifier = Annotated[str | None, element("groupIdentifier", 255)]
TemporarilyDisabled = Annotated[
    AccountTemporarilyDisabled | None, element("accountTemporarilyDisabled")
]
PermanentlyDisabled = Annotated[
    AccountPermanentlyDisabled | None, element("accountPermanentlyDisabled")
]
Location = Annotated[EstimatedLocation | None, element("estimatedLocation")]
AllEmailsReported = Annotated[bool | None, element("allEmailsReported")]
AdditionalInfo = Annotated[str | None, element("additionalInfo", FREE, xsd="text")]


@model
class Person(Model):
    """`person`: names of at most 100 characters, an age from 0 to 150. Newer:
    `ageAssertionDiscrepancy`, the age is not the one that was claimed."""

    SECTION: ClassVar[str] = "A.4"
    first_name: FirstName = None
    last_name: LastName = None
    phone: Phones = ()
    email: Emails = ()
    address: Addresses = ()
    age: Annotated[int | None, element("age", low=0, high=150)] = None
    age_assertion_discrepancy: Discrepancy = None
    date_of_birth: DateOfBirth = None


@model
class ContactPerson(Model):
    """`contactPerson`, `officerContact`: names of at most 100 characters."""

    SECTION: ClassVar[str] = "A.4"
    first_name: FirstName = None
    last_name: LastName = None
    phone: Phones = ()
    email: Emails = ()
    address: Addresses = ()


@model
class Reporter(Model):
    """`reporter`: the person who reports needs an e-mail address in practice; texts of at most 3000
    characters, `legalURL` of at most 2083."""

    TAG: ClassVar[str] = "reporter"
    SECTION: ClassVar[str] = "A.4"
    reporting_person: Annotated[Person, element("reportingPerson")]
    contact_person: Annotated[ContactPerson | None, element("contactPerson")] = None
    company_template: Annotated[str | None, element("companyTemplate", FREE, xsd="text")] = None
    terms_of_service: Annotated[str | None, element("termsOfService", FREE, xsd="text")] = None
    legal_url: Annotated[str | None, element("legalURL", URL, whole=True)] = None


@model
class AssociatedAccountPlatform(Model):
    """`associatedAccount/platform`: at most 256 characters. `thirdPartyUser` is newer on the
    account itself."""

    SECTION: ClassVar[str] = "A.4"
    value: Annotated[str, text(256)]
    third_party_user: Annotated[
        bool | None, attribute("thirdPartyUser", moved="associatedAccount@thirdPartyUser")
    ] = None


@model
class AssociatedAccount(Model):
    """`associatedAccount`: short texts of at most 256 characters, an age from 0 to 150. Newer:
    `type` is called `accountType`, `thirdPartyUser` stands here."""

    SECTION: ClassVar[str] = "A.4"
    type: Annotated[AssociatedAccountType, attribute("type", renamed="accountType")]
    third_party_user: Annotated[bool | None, attribute("thirdPartyUser", newer=True)] = None
    platform: Annotated[AssociatedAccountPlatform | None, element("platform")] = None
    first_name: Annotated[str | None, element("firstName", 256)] = None
    middle_name: Annotated[str | None, element("middleName", 256)] = None
    last_name: Annotated[str | None, element("lastName", 256)] = None
    approximate_age: Annotated[int | None, element("approximateAge", low=0, high=150)] = None
    age_assertion_discrepancy: Discrepancy = None
    date_of_birth: DateOfBirth = None
    phone: Phones = ()
    email: Emails = ()
    all_emails_reported: AllEmailsReported = None
    address: Addresses = ()
    esp_service: Annotated[str | None, element("espService", 256)] = None
    esp_identifier: Annotated[str | None, element("espIdentifier", 256, whole=True)] = None
    profile_url: ProfileUrls = ()
    screen_name: ScreenName = None
    display_name: DisplayNames = ()
    profile_bio: ProfileBio = None
    group_identifier: Annotated[str | None, element("groupIdentifier", 256)] = None
    compromised_account: Compromised = None
    account_temporarily_disabled: TemporarilyDisabled = None
    account_permanently_disabled: PermanentlyDisabled = None
    ip_capture_event: IpCaptureEvents = ()
    device_id: DeviceIds = ()
    prior_ct_report: Annotated[tuple[int, ...], element("priorCTReport", xsd="xs:long")] = ()
    additional_info: AdditionalInfo = None


AssociatedAccounts = Annotated[tuple[AssociatedAccount, ...], element("associatedAccount")]


@model
class PersonOrUserReported(Model):
    """`personOrUserReported`: `vehicleDescription` of at most 300 characters, `espIdentifier` and
    `groupIdentifier` 255, `espService` 100, `screenName` 256."""

    TAG: ClassVar[str] = "personOrUserReported"
    SECTION: ClassVar[str] = "A.4"
    person_or_user_reported_person: Annotated[
        Person | None, element("personOrUserReportedPerson")
    ] = None
    vehicle_description: Annotated[str | None, element("vehicleDescription", 300)] = None
    esp_identifier: EspIdentifier = None
    esp_service: EspService = None
    compromised_account: Compromised = None
    screen_name: ScreenName = None
    display_name: DisplayNames = ()
    profile_url: ProfileUrls = ()
    profile_bio: ProfileBio = None
    ip_capture_event: IpCaptureEvents = ()
    device_id: DeviceIds = ()
    third_party_user_reported: Annotated[bool | None, element("thirdPartyUserReported")] = None
    prior_ct_reports: PriorReports = ()
    group_identifier: GroupIdentifier = None
    account_temporarily_disabled: TemporarilyDisabled = None
    account_permanently_disabled: PermanentlyDisabled = None
    estimated_location: Location = None
    all_emails_reported: AllEmailsReported = None
    associated_account: AssociatedAccounts = ()
    additional_info: AdditionalInfo = None


@model
class IntendedRecipient(Model):
    """`intendedRecipient`: limits as in `PersonOrUserReported`."""

    TAG: ClassVar[str] = "intendedRecipient"
    SECTION: ClassVar[str] = "A.4"
    intended_recipient_person: Annotated[Person | None, element("intendedRecipientPerson")] = None
    esp_identifier: EspIdentifier = None
    esp_service: EspService = None
    compromised_account: Compromised = None
    screen_name: ScreenName = None
    display_name: DisplayNames = ()
    profile_url: ProfileUrls = ()
    profile_bio: ProfileBio = None
    ip_capture_event: IpCaptureEvents = ()
    device_id: DeviceIds = ()
    prior_ct_reports: PriorReports = ()
    group_identifier: GroupIdentifier = None
    account_temporarily_disabled: TemporarilyDisabled = None
    account_permanently_disabled: PermanentlyDisabled = None
    estimated_location: Location = None
    all_emails_reported: AllEmailsReported = None
    additional_info: Annotated[tuple[str, ...], element("additionalInfo", FREE, xsd="text")] = ()


@model
class Victim(Model):
    """`victim`: `schoolName` of at most 255 characters, else as in `PersonOrUserReported`."""

    TAG: ClassVar[str] = "victim"
    SECTION: ClassVar[str] = "A.4"
    victim_person: Annotated[Person, element("victimPerson")]
    esp_identifier: EspIdentifier = None
    esp_service: EspService = None
    compromised_account: Compromised = None
    screen_name: ScreenName = None
    display_name: DisplayNames = ()
    profile_url: ProfileUrls = ()
    profile_bio: ProfileBio = None
    ip_capture_event: IpCaptureEvents = ()
    device_id: DeviceIds = ()
    school_name: Annotated[str | None, element("schoolName", 255)] = None
    prior_ct_reports: PriorReports = ()
    account_temporarily_disabled: TemporarilyDisabled = None
    account_permanently_disabled: PermanentlyDisabled = None
    estimated_location: Location = None
    all_emails_reported: AllEmailsReported = None
    associated_account: AssociatedAccounts = ()
    additional_info: AdditionalInfo = None
