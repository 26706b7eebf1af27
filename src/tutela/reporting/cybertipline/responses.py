"""What the authority answers, as its schema has it (A.2); `replies` reads what really came."""

from __future__ import annotations

from typing import Annotated, ClassVar

from tutela.reporting.cybertipline.tags import Model, element, model


@model
class ReportResponse(Model):
    """`reportResponse`: the answer to all calls but `/finish`."""

    TAG: ClassVar[str] = "reportResponse"
    SECTION: ClassVar[str] = "A.2"
    response_code: Annotated[int, element("responseCode")]
    response_description: Annotated[str, element("responseDescription")]
    report_id: Annotated[int | None, element("reportId", xsd="xs:long")] = None
    file_id: Annotated[str | None, element("fileId", xsd="xs:token")] = None
    hash: Annotated[str | None, element("hash", xsd="xs:token")] = None


@model
class Files(Model):
    """`files`: those that arrived."""

    SECTION: ClassVar[str] = "A.2"
    file_id: Annotated[tuple[str, ...], element("fileId")] = ()


@model
class ReportDoneResponse(Model):
    """`reportDoneResponse`: the answer to `/finish`, without a description."""

    TAG: ClassVar[str] = "reportDoneResponse"
    SECTION: ClassVar[str] = "A.2"
    response_code: Annotated[int, element("responseCode")]
    report_id: Annotated[int, element("reportId", xsd="xs:long")]
    files: Annotated[Files, element("files")]
