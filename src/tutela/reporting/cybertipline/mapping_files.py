"""A file of the internal report as what the authority is told of it: `fileDetails` (A.5)."""

from __future__ import annotations

from collections.abc import Mapping

from tutela.decisions import grades
from tutela.reporting import facts
from tutela.reporting.cybertipline import files, parties, said
from tutela.reporting.cybertipline.enclosing import OPEN_FILE, OPEN_REPORT
from tutela.reporting.cybertipline.parties import Notes
from tutela.reporting.cybertipline.vocabulary import (
    FileClassification,
    FileRelevance,
    MetadataType,
)
from tutela.reporting.facts import Mark

MARKS: Mapping[Mark, str] = {
    Mark.DRAWN: "anime_drawing_virtual_hentai",
    Mark.MEME: "potential_meme",
    Mark.VIRAL: "viral",
    Mark.SELF: "possible_self_production",
    Mark.INJURY: "physical_harm",
    Mark.VIOLENCE: "violence_gore",
    Mark.ANIMAL: "bestiality",
    Mark.LIVE: "live_streaming",
    Mark.INFANT: "infant",
    Mark.GENERATED: "generative_ai",
}
"""Fields of `fileAnnotations`."""

TABLE = "us-cybertip"
"""Of `decisions/data/tables`: how grades are called in `industryClassification`."""

RENDERED = {
    "stylised": "redrawn as a drawing",
    "grey": "blurred and without colour",
    "blurred": "blurred",
    "small": "small",
    "part": "in part",
}
"""What a person of the provider saw, where it was not the whole original."""


def details(
    what: facts.File, who: facts.Reporter, newer: frozenset[str] = frozenset()
) -> files.FileDetails:
    """What is told of a file: not fitted to the limits, and without ids yet."""
    notes = Notes(newer)
    marks = {MARKS[mark]: True for mark in what.marks}
    if what.supplemental and marks.pop("potential_meme", False):
        notes.add("a potential meme", True)
    meme = set(marks) == {"potential_meme"}
    for one in what.hashes:
        if not one[0].strip():
            notes.add("hash", one[1])
    notes.add("how it was detected", what.found_by)
    return files.FileDetails(
        report_id=OPEN_REPORT,
        file_id=OPEN_FILE,
        file_name=what.name or None,
        original_file_name=what.original_name or None,
        uploaded_to_esp_timestamp=parties.at(what.uploaded_at, notes),
        location_of_file=what.url or None,
        file_viewed_by_esp=what.viewed,
        exif_viewed_by_esp=what.exif_viewed,
        publicly_available=what.public,
        file_relevance=FileRelevance.SUPPLEMENTAL_REPORTED
        if what.supplemental
        else FileRelevance.REPORTED,
        potential_meme=True if meme else None,
        file_annotations=files.FileAnnotations(**marks) if marks and not meme else None,
        industry_classification=classified(what, who),
        original_file_hash=tuple(
            files.OriginalFileHash(value=value, hash_type=kind.upper())
            for kind, value in what.hashes
            if kind.strip() and value.strip()
        ),
        ip_capture_event=None if what.capture is None else parties.capture(what.capture, notes),
        device_id=tuple(parties.device(one, notes) for one in what.devices),
        details=_details(what, notes),
        additional_info=tuple(filter(None, (what.more, _seen(what), *notes.told))),
    )


def classified(what: facts.File, who: facts.Reporter) -> FileClassification | None:
    """The class of what is reported, only of who signed the agreement under which it is sent."""
    if not who.signed_agreement or what.supplemental:
        return None
    found = grades.translated(dict(what.grades), grades.tables()[TABLE])
    return FileClassification(found.code) if found else None


def unclassified(what: facts.File, who: facts.Reporter) -> bool:
    """Whether something that was said of the file when it was graded is not told."""
    if not what.grades:
        return False
    found = grades.translated(dict(what.grades), grades.tables()[TABLE])
    return classified(what, who) is None or bool(found and found.lost)


def _details(what: facts.File, notes: Notes) -> tuple[files.Details, ...]:
    pairs: dict[MetadataType, list[files.NameValuePair]] = {}
    for one in what.details:
        kind = parties.word(MetadataType, one.kind, one.name, notes) or MetadataType.EXIF
        pair = files.NameValuePair(type=kind, name=one.name, value=one.value)
        pairs.setdefault(kind, []).append(pair)
    return tuple(
        files.Details(type=kind, name_value_pair=tuple(pairs[kind])) for kind in sorted(pairs)
    )


def _seen(what: facts.File) -> str:
    """What people of the provider saw, without who they are: whether a warrant is needed may hang
    on it. Those who saw all of it first."""
    told = []
    for one in sorted(what.seen, key=lambda one: (not _all(one), said.moment(one.at))):
        if one.rendering == facts.EXIF:
            how = "Its EXIF data was"
        elif _all(one):
            how = "The whole original was"
        elif one.rendering in facts.WHOLE:
            how = "The original was, not whole,"
        else:
            how = f"A rendering of it ({RENDERED.get(one.rendering, one.rendering)}) was"
        told.append(
            f"{how} seen by a person of the provider at {said.moment(one.at)}"
            f" for {one.seconds:.0f} seconds."
        )
    return "\n".join(told)


def _all(one: facts.Seen) -> bool:
    return one.whole and one.rendering in facts.WHOLE
