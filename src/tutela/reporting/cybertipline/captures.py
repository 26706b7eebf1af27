"""Where somebody was, and by what they can be reached: the shared types of A.4."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from tutela.reporting.cybertipline.tags import Model, attribute, element, model, text
from tutela.reporting.cybertipline.vocabulary import (
    COUNTRY,
    STATE,
    AddressType,
    EmailType,
    EventName,
    PhoneType,
)

Verified = Annotated[bool | None, attribute("verified")]
VerificationDate = Annotated[datetime | None, attribute("verificationDate")]
DisabledDate = Annotated[datetime | None, attribute("disabledDate")]
UserNotified = Annotated[bool | None, attribute("userNotified")]
UserNotifiedDate = Annotated[datetime | None, attribute("userNotifiedDate")]
Seen = Annotated[EventName | None, element("eventName")]
SeenAt = Annotated[datetime | None, element("dateTime")]


@model
class Email(Model):
    """`email`, `emailAddress`: an address of at most 255 characters."""

    SECTION: ClassVar[str] = "A.4"
    value: Annotated[str, text(255, whole=True)]
    type: Annotated[EmailType | None, attribute("type")] = None
    verified: Verified = None
    verification_date: VerificationDate = None


@model
class Phone(Model):
    """`phone`, `phoneNumber`: at most 50 characters; an extension of at most 10 digits."""

    SECTION: ClassVar[str] = "A.4"
    value: Annotated[str, text(50, whole=True)]
    type: Annotated[PhoneType | None, attribute("type")] = None
    verified: Verified = None
    verification_date: VerificationDate = None
    country_calling_code: Annotated[
        str | None, attribute("countryCallingCode", pattern=r"\+[0-9]{1,3}", whole=True)
    ] = None
    extension: Annotated[str | None, attribute("extension", 10, pattern="[0-9]+", whole=True)] = (
        None
    )


@model
class Address(Model):
    """`address`, `incidentAddress`: `state` of the United States, else `nonUsaState`."""

    SECTION: ClassVar[str] = "A.4"
    type: Annotated[AddressType | None, attribute("type")] = None
    address: Annotated[str | None, element("address", 255)] = None
    city: Annotated[str | None, element("city", 100)] = None
    zip_code: Annotated[str | None, element("zipCode", 20, whole=True)] = None
    state: Annotated[str | None, element("state", among=STATE)] = None
    non_usa_state: Annotated[str | None, element("nonUsaState", 100)] = None
    country: Annotated[str | None, element("country", among=COUNTRY)] = None


@model
class IpCaptureEvent(Model):
    """`ipCaptureEvent`: an IP address, and when it did what; `port` from 1 to 65535."""

    SECTION: ClassVar[str] = "A.4"
    ip_address: Annotated[str, element("ipAddress", whole=True, address=True)]
    event_name: Seen = None
    date_time: SeenAt = None
    possible_proxy: Annotated[bool | None, element("possibleProxy")] = None
    port: Annotated[int | None, element("port", low=1, high=65535)] = None


@model
class DeviceId(Model):
    """`deviceId`: the type of the identifier (IMEI, ICCID, SSID …) of at most 255 characters, its
    value of at most 2083."""

    SECTION: ClassVar[str] = "A.4"
    id_type: Annotated[str, element("idType", 255)]
    id_value: Annotated[str, element("idValue", 2083, whole=True)]
    event_name: Seen = None
    date_time: SeenAt = None


@model
class EstimatedLocation(Model):
    """`estimatedLocation`: city and region of at most 255 characters each."""

    SECTION: ClassVar[str] = "A.4"
    verified: Verified = None
    timestamp: Annotated[datetime | None, attribute("timestamp")] = None
    city: Annotated[str | None, element("city", 255)] = None
    region: Annotated[str | None, element("region", 255)] = None
    country_code: Annotated[str | None, element("countryCode", among=COUNTRY)] = None


@model
class AccountTemporarilyDisabled(Model):
    """`accountTemporarilyDisabled`: whether it was, when, and until when."""

    SECTION: ClassVar[str] = "A.4"
    value: Annotated[bool, text()]
    disabled_date: DisabledDate = None
    user_notified: UserNotified = None
    user_notified_date: UserNotifiedDate = None
    reenabled_date: Annotated[datetime | None, attribute("reenabledDate")] = None


@model
class AccountPermanentlyDisabled(Model):
    """`accountPermanentlyDisabled`: whether it was, and when."""

    SECTION: ClassVar[str] = "A.4"
    value: Annotated[bool, text()]
    disabled_date: DisabledDate = None
    user_notified: UserNotified = None
    user_notified_date: UserNotifiedDate = None
