"""Settings of law packs: which are in use, and what laws ask of the service itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from tutela.packs.clocks import STANDARDS, Term
from tutela.packs.situations import Service
from tutela.packs.vocabulary import KINDS, NAME
from tutela.policy.countries import COUNTRIES

IN_SESSION = "law"
"""Where a session holds these settings (`Database.info`)."""

NONE = "none"
"""In place of names: counsel said that there are none, which is not the same as not known."""

MOST_HOURS = 24 * 30


def _some(reason: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    found: tuple[str, ...] = field(default=default, metadata={"reason": reason})
    return found


def _text(reason: str) -> str:
    found: str = field(default="", metadata={"reason": reason})
    return found


@dataclass(frozen=True, slots=True)
class Options:
    """What is in use, and what is known of the service. Empty is not known: what needs it asks."""

    packs: tuple[str, ...] = _some(
        "Law packs in use, by their names. `us` goes with `reporting.authorities`, which is `ncmec`"
        " unless you change it: each authority that is reported to has its law here.",
        ("us",),
    )
    folder: str = _text(
        "A folder of packs of your own, as `*.yaml`; name those to be used in `packs`. One with"
        " a fault is not taken, and none takes the place of a pack that comes with Tutela."
    )
    established: str = _text(
        "The country where the service is established, as GB: its law applies. Empty: not known,"
        " and rules that need it ask."
    )
    kinds: tuple[str, ...] = _some(
        "What the service is to a law, as packs call it: `user-to-user`,"
        " `electronic-communication`, `hosting` …; it may be several."
    )
    serves: tuple[str, ...] = _some(
        "Countries that the service serves, as GB: whether their law applies, counsel says."
    )
    under: tuple[str, ...] = _some(
        "Countries whose law counsel said applies besides that of `established`; `none`: of no"
        " other. Empty: nobody said."
    )
    measures: tuple[str, ...] = _some(
        "Measures of codes of practice that apply to the service, as `icu-c9`; `none`: no such"
        " measure. Empty: not known."
    )
    own_hours: int = field(
        default=24,
        metadata={
            "reason": "Hours that you give yourself where a law has only words, such as *as soon as"
            " reasonably possible*: shown as yours, never in place of a law's number, and not"
            " where a child may be in danger. 0: due at once. A day, so that an alarm means"
            " that something was left lying."
        },
    )

    def __post_init__(self) -> None:
        for name in ("serves", "under"):
            for one in getattr(self, name):
                if one not in COUNTRIES and (name, one) != ("under", NONE):
                    raise ValueError(f"{name} must be countries, two letters of ISO 3166: GB")
        if self.established and self.established not in COUNTRIES:
            raise ValueError("established must be a country, two letters of ISO 3166: GB")
        if unknown := [one for one in self.kinds if one not in KINDS]:
            raise ValueError(f"kinds has {unknown[0]!r}; there are {', '.join(KINDS)}")
        for name in ("packs", "measures"):
            if not all(NAME.fullmatch(one) for one in getattr(self, name)):
                raise ValueError(f"{name} must be names of small letters, digits and dashes")
        if not 0 <= self.own_hours <= MOST_HOURS:
            raise ValueError(f"own_hours must be between 0 and {MOST_HOURS}")

    @property
    def service(self) -> Service:
        """What is known of the service, as packs ask for it."""
        return Service(
            established=self.established or None, kinds=_known(self.kinds),
            served=_known(self.serves), under=_known(self.under), measures=_known(self.measures),
        )  # fmt: skip

    @property
    def targets(self) -> dict[str, Term]:
        """How long is given where a law has only words."""
        if not self.own_hours:
            return {}
        return dict.fromkeys(STANDARDS, Term.parse(f"PT{self.own_hours}H"))


def _known(names: tuple[str, ...]) -> frozenset[str] | None:
    return frozenset(names) - {NONE} if names else None
