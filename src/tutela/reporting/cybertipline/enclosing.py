"""What the authority is told of a file: complete but for the two ids that it gives itself."""

from __future__ import annotations

from xml.sax.saxutils import escape

OPEN_REPORT, OPEN_FILE = 0, "0"
IDS = f"<fileDetails><reportId>{OPEN_REPORT}</reportId><fileId>{OPEN_FILE}</fileId>".encode()


def detailed(details: bytes, report_id: int | str, file_id: str) -> bytes:
    """The document with the ids of an open report and of a file in it. Raises `ValueError` for one
    that does not begin with those that are still open, and for an id that is no number."""
    head, found, rest = details.partition(IDS)
    if not found or b"<fileDetails" in head:
        raise ValueError("These are no details of a file without ids")
    ids = f"<reportId>{int(report_id)}</reportId><fileId>{escape(file_id)}</fileId>"
    return head + b"<fileDetails>" + ids.encode() + rest
