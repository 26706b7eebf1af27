"""What is wrong with a report, before a person files it. Pure: places and rules, no content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tutela.reporting.authorities import Fault
from tutela.reporting.facts import File, Report, Reporter
from tutela.reporting.nca import answers
from tutela.reporting.nca.form import form

LARGEST = 5 * 10**9
"""Bytes of a file that the portal takes: 5 GB, as the smaller of what that can mean."""

REFUSED = (".exe",)
"""Ends of names that the portal refuses."""

MAGIC = b"MZ"
"""How the bytes of such a file begin, whatever it is called."""

LONGEST_NAME = 200
EDIT = 'Say it: tutela report answer REPORT FIELD=…; of all that is left: "rest=not held: why"'


def name_of(file: File) -> str:
    """What an upload is called: no path, nothing unprintable, the end of what is long."""
    given = (file.original_name or file.name).replace("\\", "/").rpartition("/")[2].strip()
    shown = "".join(one if one.isprintable() else "_" for one in given)
    return shown[-LONGEST_NAME:] or "file"


def is_refused(name: str) -> bool:
    """Whether the portal refuses a file of this name; a dot or a space after it hides nothing."""
    return name.strip().rstrip(". ").lower().endswith(REFUSED)


def faults(report: Report, reporter: Reporter) -> Sequence[Fault]:
    """All that is wrong."""
    return [*_of_answers(report), *_of_fields(report, reporter), *_of_files(report),
            *_of_link(report, reporter), *_of_declaration(report)]  # fmt: skip


def _of_answers(report: Report) -> Iterator[Fault]:
    for name, text in report.answers:
        if why := answers.wrong(name.rpartition(".")[2], text):
            yield Fault(name, why, EDIT)


def _of_fields(report: Report, reporter: Reporter) -> Iterator[Fault]:
    made = form(report, reporter)
    for path in made.unsaid():
        if path == "declaration.declaration":
            continue
        if path == "priority.priority":
            yield Fault(
                path, "Nobody set the priority.", "A person does: tutela report answer REPORT"
                " priority=1, 2 or 3. What each means: tutela report sheet REPORT",
            )  # fmt: skip
        elif path.startswith("general.contact_"):
            yield Fault(
                path, "The point of contact is not in the settings.",
                "Set reporting.reporter: its names, e-mail and telephone.",
            )  # fmt: skip
        else:
            yield Fault(path, "It is neither held nor said not to be held.", EDIT)
    if report.answers and dict(report.answers).get("related") == "yes":
        known = dict(made.fields())["general.earlier_reference"].answer
        if known.state is not answers.State.VALUE:
            yield Fault("general.earlier_reference", "A related report needs the reference.", EDIT)


def _of_files(report: Report) -> Iterator[Fault]:
    enclosed = [one.evidence for one in report.files if one.evidence]
    if len(set(enclosed)) < len(enclosed):
        yield Fault("files", "The same file is enclosed twice.", "Leave one of them out.")
    for number, one in enumerate(report.files, 1):
        if one.evidence and is_refused(name_of(one)):
            yield Fault(f"files.{number}", "The portal takes no .exe.", "Leave the file out.")
        if one.evidence and one.size > LARGEST:
            yield Fault(f"files.{number}", "The portal takes no file of over 5 GB.",
                        "Leave it out, and say in `more` that it is held.")  # fmt: skip


def _of_link(report: Report, reporter: Reporter) -> Iterator[Fault]:
    if reporter.uk_provider:
        return
    said = dict(report.answers).get("uk_linked", "")
    if said == "no":
        yield Fault("uk_linked", "It is not linked to the United Kingdom.",
                    "Withdraw it: it is reported elsewhere.")  # fmt: skip
    elif said != "yes":
        yield Fault("uk_linked", "Nobody said whether it is linked to the United Kingdom.", EDIT)


def _of_declaration(report: Report) -> Iterator[Fault]:
    if not answers.is_declared(report):
        yield Fault(
            "declaration", "Nobody declared this report, as it is now, to be complete.",
            "Once nothing else is wrong: tutela report declare REPORT",
        )  # fmt: skip
