"""The summary of a bundle on paper, for who opens it without any program of ours: a PDF."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tutela.bundles.collecting import Contents

MOST = 200
"""Files, and words of people, that are listed on paper: thirty pages, made in two seconds. All of
them are in the parts for programs."""

MARGIN, LINE = 15, 5
"""Millimetres."""

KEEP_SAFE = (
    "This bundle tells of a matter that may be under investigation. Give it to nobody who is not"
    " concerned with it, and tell nothing of it to those whom it is about."
)


def printed(contents: Contents, said: dict[str, Any], made_at: datetime) -> bytes:
    """The paper. `said`: what the manifest says but for the parts."""
    from fpdf import FPDF  # takes a third of a second: only who makes a bundle waits for it

    paper = FPDF(format="A4")
    paper.set_margin(MARGIN)
    paper.set_auto_page_break(True, MARGIN)
    paper.set_creation_date(made_at)
    paper.set_title(f"Bundle of {contents.subject}")
    paper.set_creator("Tutela")
    paper.add_page()

    def heading(text: str) -> None:
        paper.ln(LINE)
        paper.set_font("Helvetica", "B", 12)
        _line(paper, text)
        paper.set_font("Helvetica", "", 10)

    paper.set_font("Helvetica", "B", 16)
    _line(paper, f"Bundle of {contents.subject}", 8)
    paper.set_font("Helvetica", "", 10)
    _line(paper, KEEP_SAFE)
    if contents.test:
        _line(paper, "THIS IS A TEST. Nothing in it is real.")
    heading("What this is")
    for name, value in _head(contents, said, made_at):
        _line(paper, f"{name}: {value}")
    if contents.told["people_said"]:
        heading("What people said")
        for alert in contents.told["people_said"][:MOST]:
            where = f" ({alert['url']})" if alert["url"] else ""
            _line(paper, f"{alert['at']}, {alert['reporter']}: {alert['text']}{where}")
    heading(f"Files ({len(contents.files)})")
    for number, (file, item) in enumerate(
        zip(contents.files[:MOST], contents.told["items"], strict=False), 1
    ):
        for text in _file(number, file.hashes, file.grades, item):
            _line(paper, text)
        paper.ln(1)
    if len(contents.files) > MOST:
        _line(paper, f"{len(contents.files) - MOST} more are in case.json and vics.json.")
    heading("How to check it")
    for text in CHECKING:
        _line(paper, text)
    return bytes(paper.output())


CHECKING = (
    "With Tutela, on any machine and with no database: tutela evidence verify BUNDLE --identity"
    " FILE --key SIGNER.pub. It names every part that was altered, added or taken away.",
    "Without: age --decrypt -i FILE BUNDLE | tar x; then compare the SHA-256 of each part with"
    " manifest.json, whose payload is base64 and is signed with Ed25519 (DSSE).",
    "Times are UTC. Letters that this paper cannot show stand as their numbers, <U+4E2D>; case.json"
    " has them as they were.",
)


def _head(
    contents: Contents, said: dict[str, Any], made_at: datetime
) -> Iterable[tuple[str, object]]:
    case = contents.told["case"]
    yield "Made at", f"{made_at:%Y-%m-%d %H:%M:%S} UTC"
    yield "For", f"{said['receiver']['name']} ({said['receiver']['country']})"
    yield "Case", f"{contents.case}, opened at {case['opened_at']}"
    for report in contents.told["reports"]:
        number = f", there {report['remote_id']}" if report["remote_id"] else ""
        yield "Report", f"{report['id']} to {report['authority']}, {report['state']}{number}"
    yield "About", f"{case['subject_kind']} {case['subject']}, whose role is {case['role']}"
    if case["danger"]:
        yield "Danger", "a child may be in danger now"
    enclosed = said["files"]
    ground = (
        f", because: {enclosed['ground']}" if enclosed["ground"] else ": hashes and grades only"
    )
    yield "Files enclosed", f"{enclosed['enclosed']}{ground}"
    table = said["categories"]
    if table:
        yield (
            "Categories",
            (
                f"of {table['country']} {table['version']}, made from grades by a table that loses"
                f" something; {table['by']} answers for it"
            ),
        )
    checkpoint = said["checkpoint"]
    yield "Log", f"{said['entries']} entries, proved against {checkpoint['entries']} signed ones"
    yield "Signed with the key", said["signer"]


def _file(
    number: int, hashes: dict[str, str], grades: dict[str, str], item: dict[str, Any]
) -> Iterable[str]:
    yield f"{number}. {item['id']}, checked at {item['at']}, {item['size'] or '?'} bytes"
    for name in ("md5", "sha1", "sha256"):
        if name in hashes:
            yield f"    {name} {hashes[name]}"
    if grades:
        yield "    grades: " + ", ".join(f"{name} {value}" for name, value in grades.items())
    for one in item["decisions"]:
        seen = "saw the file" if one["viewed"] else "did not see the whole file"
        undone = f", undone at {one['undone_at']}" if one["undone_at"] else ""
        yield f"    {one['conclusion']} by {one['actor']} at {one['at']}, who {seen}{undone}"
    evidence = item["evidence"]
    if evidence:
        gone = f", deleted at {evidence['deleted_at']}" if evidence["deleted_at"] else ""
        yield f"    sealed as {evidence['id']} at {evidence['sealed_at']}{gone}"
        yield f"    opened or asked for {len(evidence['intents'])} times, see case.json"


def _line(paper: Any, text: str, height: float = LINE) -> None:
    """A paragraph, inert: in letters that the paper's own fonts have."""
    shown = "".join(_letter(one) for one in text)
    paper.multi_cell(0, height, shown, new_x="LMARGIN", new_y="NEXT", align="L", wrapmode="CHAR")


def _letter(one: str) -> str:
    if one == "\n":
        return " "
    plain = one.isprintable() and ord(one) < 256
    return one if plain else f"<U+{ord(one):04X}>"
