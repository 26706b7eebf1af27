"""Pictures that many files hold and that say nothing, flat ones and logos, never match. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tutela.matching.models import FORGEABLE, Match
from tutela.signals.urls import LISTED


def divided(matches: Sequence[Match]) -> tuple[list[Match], list[Match]]:
    """Those that count, and those that were vetoed, each in the order given.

    The same file vetoes all that the file matches; by a hash that can be forged, only what that
    hash matches. The same picture vetoes what its frame matches within a distance, in any variant;
    never an exact match, which a harmless picture near it cannot explain. Addresses and words are
    vetoed by the same ones alone, and veto nothing else.
    """
    vetoes = [match for match in matches if match.vetoes]
    if not vetoes:
        return list(matches), []
    whole = any(_exact(veto) and veto.signal.type not in (*FORGEABLE, *LISTED) for veto in vetoes)
    frames = {(veto.signal.type, veto.signal.frame) for veto in vetoes if not _exact(veto)}
    values = {(veto.signal.type, veto.signal.value) for veto in vetoes if _exact(veto)}
    counted: list[Match] = []
    vetoed: list[Match] = []
    for match in matches:
        if match.vetoes:
            continue
        signal = match.signal
        near = not _exact(match) and (signal.type, signal.frame) in frames
        same = _exact(match) and (signal.type, signal.value) in values
        whole_file = whole and signal.type not in LISTED
        (vetoed if whole_file or near or same else counted).append(match)
    return counted, vetoed


def _exact(match: Match) -> bool:
    """Whether it is a hash of the whole file, rather than of a picture in it."""
    return match.signal.frame is None
