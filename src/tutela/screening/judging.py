"""From matches to a decision: what policy is told of an item, and what it says. No database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from tutela.decoding import Fingerprint
from tutela.matching import Match
from tutela.policy import Facts, FileFacts, Found


@dataclass(frozen=True, slots=True)
class Given:
    """What the platform says of an item, in the roles that policies know."""

    item: Mapping[str, Any] = field(default_factory=dict)
    creator: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    channel: str = "unknown"

    @property
    def item_id(self) -> str | None:
        found: str | None = self.item.get("id")
        return found

    @property
    def creator_id(self) -> str | None:
        found: str | None = self.creator.get("id")
        return found


def facts(
    found: Fingerprint, matches: Sequence[Match], given: Given, surging: Collection[str] = ()
) -> Facts:
    """All that policy is told: of banks that surge, that they do."""
    return Facts(
        matches=tuple(_found(match, match.owner in surging) for match in matches),
        item=given.item,
        creator=given.creator,
        channel=given.channel,
        extra=given.extra,
        file=FileFacts(
            found.size if found.size or found.undecodable else None,  # of signals there is no file
            found.picture.format if found.picture else None,
            found.undecodable and str(found.undecodable),
            frozenset(map(str, found.notes)),
        ),
    )


def _found(match: Match, surging: bool) -> Found:
    return Found(
        type=match.signal.type,
        distance=match.distance,
        quality=match.signal.quality,
        known_quality=match.known.quality,
        variant=match.signal.variant,
        bank=match.owner,
        purpose=match.purpose,
        source=match.source,
        labels=match.labels,
        members=match.members,
        strength=cast(Literal["exact", "weak", "near"], match.strength),
        only_review=match.only_review,
        surging=surging and match.purpose != "test",
        disputed=match.disputed,
        seed=match.seed,
    )
