"""What a person reads: which duties there are, why, and how well the rule is known."""

from __future__ import annotations

from datetime import UTC, date, datetime

from packs.texts import HEAD, KEEP, KNOWN, REPORT, pack, situation, when
from tutela.packs import duties, explain, packs
from tutela.packs.clocks import Term

DAY = date(2026, 11, 26)


def lines(*given, **facts) -> list[str]:
    return list(explain(duties(given, situation(**facts), DAY)))


def test_a_duty_is_told_with_its_reason_its_moment_and_its_source():
    found = lines(pack(when(REPORT, "{channel: [public]}"), KEEP), channel="public")
    assert found == [
        "Who must be told:",
        "  office: within 24 hours, by 2026-11-27T10:00:00Z",
        "    So that it is found.",
        "    Because channel: public.",
        "    Needed: platform.",
        "    bikes/office, NOT VERIFIED: as others read it. Bicycles Act, s. 1",
        "What is kept:",
        "  evidence of what office is told, at least P1Y: from when it is filed",
        "    bikes/office-evidence, NOT VERIFIED: as others read it. Bicycles Act, s. 1",
        "Everyone else gets no files: hashes, metadata and grades only.",
    ]


def test_where_a_law_has_only_words_no_moment_is_told_as_its_own():
    found = lines(pack(REPORT.replace("PT24H", "promptly"), KEEP))
    assert found[1] == "  office: promptly, since 2026-11-26T10:00:00Z"


def test_a_time_that_the_caller_set_itself_is_told_as_its_own():
    haste = pack(REPORT.replace("PT24H", "promptly"), KEEP)
    own = {"promptly": Term.parse("PT48H")}
    found = list(explain(duties([haste], situation(), DAY, targets=own)))
    assert found[1] == (
        "  office: promptly, of which you made within 48 hours: by 2026-11-28T10:00:00Z"
    )


def test_a_signature_is_told():
    signed = {pack().rules[0].digest: "A. Lawyer"}
    found = list(explain(duties([pack()], situation(), DAY, signatures=signed)))
    assert (
        "    bikes/office, NOT VERIFIED: as others read it, signed by A. Lawyer. Bicycles Act, s. 1"
        in found
    )


def test_whom_to_call_comes_before_all_else():
    call = f"  - kind: emergency\n    id: bell\n    country: IS\n    route: Ring the bell\n{KNOWN}"
    found = lines(pack(REPORT, KEEP, call))
    assert found[:2] == ["Whom to call now:", "  IS: Ring the bell"]


def test_what_is_not_known_is_asked_with_the_rules_that_wait():
    found = lines(pack(when(REPORT, "{channel: [public]}"), KEEP))
    assert found == [
        "What is not known:", "  Where was it posted? (channel; for bikes/office)",
    ]  # fmt: skip


def test_where_no_pack_says_anything_that_is_said():
    assert lines() == ["No pack in force names a duty, and none waits for a fact."]


def test_drafts_are_told_last_and_as_drafts():
    found = lines(pack(head=HEAD.replace("in-force", "draft")))
    assert found == [
        "No pack in force names a duty, and none waits for a fact.",
        "Drafts: to be read only, nothing follows from them:",
        "  bikes/office (report): So that it is found.",
        "  bikes/office-evidence (keep): So that it is found.",
    ]


def test_everything_a_case_can_have_is_told():
    """Of all packs together, in one case that touches three countries."""
    found = lines(
        *packs().values(), established="US", under=["GB", "IE"], served=["US", "GB", "IE"],
        kinds=["electronic-communication", "user-to-user", "hosting", "covered-platform"],
        measures=["icu-c9"], last_reviews={"matching": date(2026, 6, 1)}, incident="media",
        confirmed="person", found_by="told", channel="public", linked=["US", "GB", "IE"],
        danger=True, priority=2, notice="intimate-image", age=15,
        reported={"ncmec": datetime(2026, 11, 26, 9, tzinfo=UTC)},
    )  # fmt: skip
    titles = [line for line in found if not line.startswith(" ")]
    assert titles == [
        "Whom to call now:",
        "What contradicts, for a person to choose:",
        "Who must be told:",
        "What is removed:",
        "What must not be done:",
        "Who may be given files:",
        "What is kept:",
        "Legal bases:",
        "What is to be reviewed:",
        "Where people find help:",
        "Everyone else gets no files: hashes, metadata and grades only.",
    ]
    assert "  matching, every P6M: due on 2026-12-01" in found
    assert "  intimate-image: within 48 hours, by 2026-11-28T10:00:00Z" in found
