"""What the authority answered is read with suspicion."""

from __future__ import annotations

import pytest

from reporting.cybertipline.strategies import most
from tutela.reporting.cybertipline.errors import ReplyUnreadable
from tutela.reporting.cybertipline.replies import LARGEST, Kind, Reply, of_code, reply
from tutela.reporting.cybertipline.responses import Files, ReportDoneResponse, ReportResponse
from tutela.reporting.cybertipline.writing import written

FILE_ID = "b0754af766b426f2928a02c651ed4b99"
UPLOADED = written(
    ReportResponse(
        response_code=0, response_description="Success", report_id=2**40, file_id=FILE_ID,
        hash="fafa5efeaf3cbe3b23b2748d13e629a1",
    )
)  # fmt: skip


def coded(code: object, status: int = 200) -> Reply:
    body = f"<reportResponse><responseCode>{code}</responseCode></reportResponse>"
    return reply(status, {}, body.encode())


def test_the_answer_to_an_upload():
    read = reply(200, {"request-ID": "r-17"}, UPLOADED)
    assert read == Reply(
        200, 0, "Success", 2**40, FILE_ID, "fafa5efeaf3cbe3b23b2748d13e629a1", (), "r-17"
    )
    assert read.kind is Kind.OK


def test_the_answer_to_a_finish_has_files_and_no_description():
    done = ReportDoneResponse(response_code=0, report_id=7, files=Files(file_id=("007", FILE_ID)))
    read = reply(200, {}, written(done))
    assert read == Reply(200, 0, "", 7, files=("007", FILE_ID))


def test_the_answer_to_a_finish_without_files():
    done = ReportDoneResponse(response_code=0, report_id=7, files=Files())
    assert reply(200, {}, written(done)).files == ()


def test_the_answer_to_a_status_has_no_report():
    body = b"<reportResponse><responseCode>0</responseCode><responseDescription>Remote User : t"
    read = reply(200, {}, body + b"</responseDescription></reportResponse>")
    assert read.report_id is None and read.kind is Kind.OK


def test_401_has_an_empty_body():
    assert reply(401, {"Request-ID": "r"}, b"") == Reply(401, request_id="r")
    assert reply(401, {}, b"").kind is Kind.CREDENTIALS


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        ([0], Kind.OK),
        ([1000, 1100, 1110, 1111, 1300], Kind.TEMPORARY),
        ([2000, 3000, 3100, 3300], Kind.CREDENTIALS),
        ([4000, 4100, 4110, 4200], Kind.DOCUMENT),
        ([5001], Kind.GONE), ([5002], Kind.NO_FILE),
        ([5101], Kind.RETRACTED), ([5102], Kind.FINISHED),
        ([1210, 1200, 7777, -1, 1, 2**31 - 1], Kind.UNKNOWN),
    ],
)  # fmt: skip
def test_each_code_says_what_comes_next(codes, kind):
    assert {of_code(code) for code in codes} == {coded(code).kind for code in codes} == {kind}


def test_a_code_counts_whatever_the_status():
    assert coded(4100, 500).kind is Kind.DOCUMENT and coded(5102, 404).kind is Kind.FINISHED


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, Kind.TEMPORARY), (429, Kind.TEMPORARY), (401, Kind.CREDENTIALS), (302, Kind.UNKNOWN)],
)
def test_a_success_that_its_status_denies_is_none(status, kind):
    assert coded(0, status).kind is kind


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("body", [b"", b"<html>Down</html>", b"Down", UPLOADED[:90]])
def test_a_server_that_is_down_need_not_say_so_in_xml(status, body):
    read = reply(status, {"Request-ID": "r"}, body)
    assert read == Reply(status, request_id="r") and read.kind is Kind.TEMPORARY


@pytest.mark.parametrize(
    "body",
    [
        b"", b"Success", b"<html/>", UPLOADED[:-10], UPLOADED[: len(UPLOADED) // 2],
        b"<reportResponse/>",
        b"<reportResponse xmlns='a'><responseCode>0</responseCode></reportResponse>",
        b"<responseCode>0</responseCode>", b'<!DOCTYPE a [<!ENTITY b "c">]>' + UPLOADED[38:],
        UPLOADED.decode().encode()[:-1] + b" " * LARGEST + b">",
    ],
    ids=range(10),
)  # fmt: skip
def test_an_answer_that_says_nothing_is_told_apart_from_a_failure(body):
    """It may have been acted on: who asked must not simply ask again."""
    with pytest.raises(ReplyUnreadable, match="HTTP 200") as refused:
        reply(200, {"Request-ID": "r-17"}, body)
    assert "r-17" in refused.value.what and "retract" in refused.value.hint


@pytest.mark.parametrize(
    "code", ["", "zero", "0x0", "1_0", "\u0661", "2147483648", "1.0", "-+5", "1" * 40]
)
def test_what_is_no_code_is_unreadable(code):
    with pytest.raises(ReplyUnreadable):
        coded(code)


@pytest.mark.parametrize("code", [" 0 ", "+0", "-0", "\n0\n"])
def test_a_number_may_be_written_as_the_schema_allows(code):
    assert coded(code).kind is Kind.OK


@pytest.mark.parametrize("number", ["9223372036854775808", "b0754af7", "7 7"])
def test_a_report_has_a_number_of_64_bits(number):
    body = UPLOADED.replace(str(2**40).encode(), number.encode())
    with pytest.raises(ReplyUnreadable, match="reportId"):
        reply(200, {}, body)
    assert reply(200, {}, UPLOADED.replace(str(2**40).encode(), b"9223372036854775807")).report_id


def test_a_file_has_a_text_never_a_number():
    assert reply(200, {}, UPLOADED.replace(FILE_ID.encode(), b"0012")).file_id == "0012"


def test_only_the_beginning_of_a_description_is_kept_and_none_is_shown_by_accident():
    """A.7: it may echo what was reported."""
    body = written(ReportResponse(response_code=4100, response_description="bicycle" * 1000))
    read = reply(200, {}, body)
    assert read.description == ("bicycle" * 1000)[:200] and "bicycle" not in repr(read)


def test_every_answer_of_the_schema_is_read():
    for root in (ReportResponse, ReportDoneResponse):
        assert reply(200, {}, written(most(root))).code == 44
