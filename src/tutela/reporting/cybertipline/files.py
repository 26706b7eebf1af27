"""One file of a report: `fileDetails` and its blocks (A.5)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from tutela.reporting.cybertipline.captures import IpCaptureEvent
from tutela.reporting.cybertipline.people import FREE, URL, DeviceIds
from tutela.reporting.cybertipline.tags import Model, attribute, element, flag, model, text
from tutela.reporting.cybertipline.vocabulary import (
    FileClassification,
    FileRelevance,
    MetadataType,
)


@model
class FileAnnotations(Model):
    """`fileAnnotations`: flags of one file (A.6)."""

    SECTION: ClassVar[str] = "A.6"
    UNORDERED: ClassVar[bool] = True
    anime_drawing_virtual_hentai: Annotated[bool, flag("animeDrawingVirtualHentai")] = False
    potential_meme: Annotated[bool, flag("potentialMeme")] = False
    viral: Annotated[bool, flag("viral")] = False
    possible_self_production: Annotated[bool, flag("possibleSelfProduction")] = False
    physical_harm: Annotated[bool, flag("physicalHarm")] = False
    violence_gore: Annotated[bool, flag("violenceGore")] = False
    bestiality: Annotated[bool, flag("bestiality")] = False
    live_streaming: Annotated[bool, flag("liveStreaming")] = False
    infant: Annotated[bool, flag("infant")] = False
    generative_ai: Annotated[bool, flag("generativeAi")] = False


@model
class OriginalFileHash(Model):
    """`originalFileHash`: of the bytes as the user uploaded them; `hashType` (MD5, SHA1, SHA256,
    PDQ …) of at most 64 characters."""

    SECTION: ClassVar[str] = "A.5"
    value: Annotated[str, text(whole=True)]
    hash_type: Annotated[str, attribute("hashType", 64, whole=True)]


@model
class NameValuePair(Model):
    """`nameValuePair`: `name` of at most 64 characters. Newer: `type` stands here."""

    SECTION: ClassVar[str] = "A.5"
    type: Annotated[MetadataType | None, attribute("type", newer=True)] = None
    name: Annotated[str, element("name", 64)]
    value: Annotated[str, element("value", FREE)]


@model
class Details(Model):
    """`details`: metadata of the file, one pair at least."""

    TAG: ClassVar[str] = "details"
    SECTION: ClassVar[str] = "A.5"
    type: Annotated[MetadataType | None, attribute("type", moved="nameValuePair@type")] = None
    name_value_pair: Annotated[tuple[NameValuePair, ...], element("nameValuePair")]


@model
class FileDetails(Model):
    """`fileDetails`, the root of what `/fileinfo` takes: `originalFileName` of at most 2056
    characters, `locationOfFile` a URL of at most 2083; `potentialMeme` or `fileAnnotations`.

    `fileViewedByEsp` says that a person opened the file: it has no default.
    """

    TAG: ClassVar[str] = "fileDetails"
    SECTION: ClassVar[str] = "A.5"
    report_id: Annotated[int, element("reportId", xsd="xs:long")]
    file_id: Annotated[str, element("fileId", xsd="xs:token", whole=True)]
    file_name: Annotated[str | None, element("fileName", FREE)] = None
    original_file_name: Annotated[str | None, element("originalFileName", 2056)] = None
    uploaded_to_esp_timestamp: Annotated[datetime | None, element("uploadedToEspTimestamp")] = None
    location_of_file: Annotated[str | None, element("locationOfFile", URL, whole=True)] = None
    file_viewed_by_esp: Annotated[bool | None, element("fileViewedByEsp")] = None
    exif_viewed_by_esp: Annotated[bool | None, element("exifViewedByEsp")] = None
    publicly_available: Annotated[bool | None, element("publiclyAvailable")] = None
    file_relevance: Annotated[FileRelevance | None, element("fileRelevance")] = None
    potential_meme: Annotated[bool | None, element("potentialMeme", choice="meme")] = None
    file_annotations: Annotated[
        FileAnnotations | None, element("fileAnnotations", choice="meme")
    ] = None
    industry_classification: Annotated[
        FileClassification | None, element("industryClassification")
    ] = None
    original_file_hash: Annotated[tuple[OriginalFileHash, ...], element("originalFileHash")] = ()
    ip_capture_event: Annotated[IpCaptureEvent | None, element("ipCaptureEvent")] = None
    device_id: DeviceIds = ()
    details: Annotated[tuple[Details, ...], element("details")] = ()
    additional_info: Annotated[tuple[str, ...], element("additionalInfo", FREE, xsd="text")] = ()
