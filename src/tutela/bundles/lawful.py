"""Who may be given the files themselves: whom a law pack in use names, with a ground. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tutela.bundles.errors import ReceiverRefused
from tutela.packs import Outcome


@dataclass(frozen=True, slots=True)
class Granted:
    """On which ground a receiver may have files, and which rule says so."""

    ground: str
    rule: str
    source: str


def may_have_files(authority: str, outcome: Outcome) -> Granted:
    """The ground on which an authority may be given files, by what law packs say of a case. Raises
    `ReceiverRefused`, which says what is missing."""
    named = [one for one in outcome.receivers if one.to == authority]
    for one in named:
        if one.is_ready:
            return Granted(one.ground, f"{one.pack}/{one.rule}", one.source)
    who = authority or "a receiver that no law pack names"
    if named:
        raise ReceiverRefused(
            f"The rule {named[0].pack}/{named[0].rule} by which {who} may have files is not"
            " verified, and nobody signed it.",
            "Have counsel check and sign it, or make the bundle without files.",
        )
    refused = [one.reason for one in outcome.refusals if (one.what, one.subject) == ("files", who)]
    asked = [one.question for one in outcome.asks] if authority else []
    raise ReceiverRefused(
        " ".join([f"No law pack in use says that {who} may have files of this case.", *refused]),
        " ".join(["Make the bundle without files: hashes, metadata and grades.", *asked]),
    )
