"""What production may not act on yet: rules that are not verified and that no named person signed.

A rule is signed by its digest, the SHA-256 of what it says; so an edit voids the signature.
"""

from __future__ import annotations

from collections.abc import Mapping

from tutela.packs.models import Pack
from tutela.policy.errors import Fault


def ready_for_production(pack: Pack, signatures: Mapping[str, str]) -> tuple[Fault, ...]:
    """What keeps a pack from production, each with the line of its rule; empty if nothing does.

    `signatures`: who signed, by digest. A signature without a name is none.
    """
    if pack.is_draft:
        what = f"The pack {pack.name} is a draft."
        return (Fault(1, 1, what, "A draft is read only: have counsel make it one in force."),)
    return tuple(
        Fault(
            rule.line,
            rule.column,
            f"The rule {rule.pack}/{rule.id} is not verified ({rule.marker},"
            f" {rule.marker.words}), and nobody signed it.",
            f"Have a named person check it against its source and sign {rule.digest}.",
        )
        for rule in pack.rules
        if not rule.verified and not signatures.get(rule.digest, "").strip()
    )
