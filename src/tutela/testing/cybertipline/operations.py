"""What each request does, once its sender is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutela.testing.cybertipline import replies
from tutela.testing.cybertipline.bodies import Body, Form
from tutela.testing.cybertipline.codes import Code, Refused
from tutela.testing.cybertipline.documents import supplemental_fault
from tutela.testing.cybertipline.replies import Reply
from tutela.testing.cybertipline.reports import File

if TYPE_CHECKING:
    from tutela.testing.cybertipline.server import Server

OPERATIONS = {
    "status": "GET", "xsd": "GET", "submit": "POST", "upload": "POST", "fileinfo": "POST",
    "finish": "POST", "retract": "POST",
}  # fmt: skip
"""The method of each."""


def carried_out(server: Server, operation: str, body: Body, address: str) -> Reply:
    """Do what is asked for. `address` is whose it is. Raises `Refused`, and ConnectionError if the
    body ends too soon."""
    match operation:
        case "status":
            reply = replies.response(0, f"Remote User : {server.user}, Remote Ip : {address}")
        case "xsd":
            reply = Reply(server.documents.schema, done=True)
        case "submit":
            reply = _submit(server, body.document())
        case "fileinfo":
            reply = _fileinfo(server, body.document())
        case "upload":
            reply = _upload(server, body.form())
        case "finish":
            reply = replies.done(server.kept.finish(body.form().report(), _fault))
        case _:
            number = body.form().report()
            server.kept.retract(number)
            reply = _success(number)
    return reply


def _submit(server: Server, xml: bytes) -> Reply:
    server.documents.report(xml, server.clock())
    return _success(server.kept.submit(xml))


def _upload(server: Server, form: Form) -> Reply:
    number, got = form.report(), form.file
    if got is None:
        raise Refused(Code.INVALID_REQUEST, "there is no file")
    file = server.kept.upload(number, got.name, got.size, got.md5, got.sha256)
    return _success(number, file.id, file.md5)


def _fileinfo(server: Server, xml: bytes) -> Reply:
    number, file_id = server.documents.details(xml)
    server.kept.fileinfo(number, file_id, xml)
    return _success(number)


def _fault(file: File) -> str:
    return "" if file.details is None else supplemental_fault(file.details)


def _success(number: int, file_id: str = "", md5: str = "") -> Reply:
    return replies.response(0, Code.SUCCESS.description, number, file_id, md5)
