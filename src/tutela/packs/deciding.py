"""What packs say of a situation: the one question that a law pack answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from tutela.packs import clocks
from tutela.packs.clocks import Term
from tutela.packs.conflicts import conflicts
from tutela.packs.models import (
    BasisRule,
    ContentRule,
    KeepRule,
    Pack,
    ReportRule,
    ReviewRule,
    RouteRule,
    Rule,
    Side,
    TakedownRule,
)
from tutela.packs.outcomes import (
    Ask,
    Basis,
    Draft,
    Duty,
    Keep,
    Outcome,
    Receiver,
    Refusal,
    Removal,
    Review,
    Route,
    rule_key,
)
from tutela.packs.situations import Situation
from tutela.packs.vocabulary import question, spread

Kind = TypeVar("Kind", bound=Rule)


def duties(
    packs: Iterable[Pack],
    situation: Situation,
    on: date,
    *,
    signatures: Mapping[str, str] | None = None,
    targets: Mapping[str, Term] | None = None,
) -> Outcome:
    """What packs say of a situation, by the law of one day.

    `signatures`: who signed a rule, by its digest. `targets`: how long the caller gives itself
    where a statute has only words such as "without undue delay", by those words; without one, what
    is owed in such words is due at once.
    """
    made = _Walk(situation, on, signatures or {}, targets or {})
    for pack in packs:
        made.pack(pack)
    return made.outcome()


class _Walk:
    """Goes through packs, and collects what their rules say."""

    def __init__(
        self,
        situation: Situation,
        on: date,
        signatures: Mapping[str, str],
        targets: Mapping[str, Term],
    ) -> None:
        self.situation, self.on = situation, on
        self.signatures, self.targets = signatures, targets
        self.seen: set[str] = set()
        self.holding: list[Rule] = []
        self.lapsed: list[BasisRule] = []
        self.waiting: dict[str, list[tuple[str, str]]] = {}
        self.duties: list[Duty] = []
        self.refusals: list[Refusal] = []
        self.drafts: list[Draft] = []

    def pack(self, pack: Pack) -> None:
        if pack.is_draft:
            self._draft(pack)
            return
        if not (pack.from_ <= self.on and (pack.until is None or self.on <= pack.until)):
            when = f"begins on {pack.from_}" if self.on < pack.from_ else f"ended on {pack.until}"
            reason = f"The pack {pack.name} {pack.version} {when}: use one of the day."
            self.refusals.append(Refusal(pack.name, "", "pack", pack.name, reason))
            return
        for rule in pack.rules:
            if rule.digest not in self.seen:  # inherited by several packs, it counts once
                self.seen.add(rule.digest)
                self._rule(rule)

    def _draft(self, pack: Pack) -> None:
        """What a draft would say; of what is kept or given to whom, only with who is told."""
        missing = {rule.id: self.situation.missing(rule.when) for rule in pack.rules}
        holding = [(rule, asks) for rule in pack.rules if (asks := missing[rule.id]) is not None]
        told = {rule.to for rule, _ in holding if isinstance(rule, ReportRule)}
        self.drafts += [
            Draft(pack.name, rule.id, rule.kind, rule.why, rule.source, asks)
            for rule, asks in holding
            if not isinstance(rule, KeepRule | ContentRule) or rule.to in told
        ]

    def _rule(self, rule: Rule) -> None:
        """Takes a rule that holds; of one that may hold, what it waits for."""
        in_force = rule.in_force(self.on)
        grants = isinstance(rule, BasisRule) and rule.grants
        if not in_force and not grants:
            return
        missing = self.situation.missing(rule.when)
        if missing is None or (missing and isinstance(rule, BasisRule) and not grants):
            return  # for what a law only leaves open, nobody is asked
        for fact in missing:
            self.waiting.setdefault(fact, []).append(rule_key(rule))
        if missing:
            return
        if in_force:
            self.holding.append(rule)
        elif isinstance(rule, BasisRule):
            self.lapsed.append(rule)

    def outcome(self) -> Outcome:
        for rule in self._of(ReportRule):
            self._report(rule)
        self.duties.sort(key=lambda one: (one.due, not one.must, one.pack, one.rule))
        self._bases()
        receivers = [one for rule in self._of(ContentRule) if (one := self._receiver(rule))]
        keeps = tuple(self._keep(rule) for rule in self._of(KeepRule) if self._kept(rule))
        for duty in self.duties:
            if duty.must and not any(keep.to == duty.to for keep in keeps):
                reason = f"No rule says how long what {duty.to} is told is kept: keep all of it."
                self.refusals.append(Refusal(duty.pack, duty.rule, "deletion", duty.to, reason))
        asks = (Ask(fact, question(fact), tuple(of)) for fact, of in self.waiting.items())
        made = Outcome(
            duties=tuple(self.duties), keeps=keeps, receivers=tuple(receivers),
            bases=tuple(
                Basis(of=rule.of, legal_basis=rule.legal_basis, grants=rule.grants,
                      **self._said(rule))
                for rule in self._of(BasisRule)
            ),
            removals=tuple(self._removal(rule) for rule in self._of(TakedownRule)),
            reviews=tuple(self._review(rule) for rule in self._of(ReviewRule)),
            routes=tuple(
                Route(sort=rule.sort, country=rule.country, route=rule.route, **self._said(rule))
                for rule in self._of(RouteRule)
            ),
            refusals=tuple(self.refusals), asks=tuple(asks), drafts=tuple(self.drafts),
        )  # fmt: skip
        return replace(made, conflicts=conflicts(made, self.situation, self._of(ReportRule)))

    def _of(self, kind: type[Kind]) -> list[Kind]:
        return [rule for rule in self.holding if isinstance(rule, kind)]

    def _said(self, rule: Rule) -> dict[str, Any]:
        return {
            "pack": rule.pack, "rule": rule.id, "why": rule.why, "source": rule.source,
            "marker": rule.marker, "verified": rule.verified,
            "signed": self.signatures.get(rule.digest, "").strip(),
        }  # fmt: skip

    def _report(self, rule: ReportRule) -> None:
        """A duty, or why there is none any more; without a priority, what it waits for."""
        told = self.situation.reported
        for authority in (rule.to, *rule.unless_reported):
            if authority in told:
                again = (
                    "what is new goes there as a supplement"
                    if authority == rule.to
                    else f"{rule.to} is not told of the same again"
                )
                reason = f"{authority} was told on {_shown(told[authority])}: {again}."
                self.refusals.append(Refusal(rule.pack, rule.id, "report", rule.to, reason))
                return
        term = rule.terms.get("") or rule.terms.get(str(self.situation.urgency))
        if term is None:
            self.waiting.setdefault("priority", []).append(rule_key(rule))
            return
        self.duties.append(
            Duty(
                to=rule.to, must=rule.must, **self._due(self.situation.at, term, rule),
                needed=rule.needed, where_held=rule.where_held,
                countries=self._concerned(rule.of), because=self._because(rule),
                notes=rule.notes, **self._said(rule),
            )
        )  # fmt: skip

    def _due(self, moment: datetime, term: Term, rule: Rule) -> dict[str, Any]:
        """The law's moment; where it has none, that of becoming aware, or the caller's own."""
        own = None if term.is_exact else self.targets.get(term.text)
        return {
            "term": term.words, "due": clocks.deadline(moment, own or term, rule.zone),
            "exact": term.is_exact, "target": own.words if own else "",
        }  # fmt: skip

    def _concerned(self, of: str) -> tuple[str, ...]:
        if not of:
            return ()
        countries = spread(frozenset({of}))
        home = self.situation.service.established
        found = self.situation.linked.all & countries
        return tuple(sorted(found)) or ((home,) if home in countries and home else ())

    def _because(self, rule: Rule) -> tuple[str, ...]:
        return tuple(
            f"{fact}: {', '.join(sorted(self.situation.values(fact) or ()))}" for fact in rule.when
        )

    def _concerns(self, authority: str) -> bool:
        """Whether an authority is, or was, told."""
        return authority in self.situation.reported or any(
            one.to == authority for one in self.duties
        )

    def _kept(self, rule: KeepRule) -> bool:
        """What an authority is told must be kept; a maximum binds whoever is told."""
        return rule.side is Side.AT_MOST or self._concerns(rule.to)

    def _bases(self) -> None:
        """Refuses what had a basis once, and has none on the day."""
        held = {rule.of for rule in self._of(BasisRule) if rule.grants}
        for rule in self.lapsed:
            if rule.of in held:
                continue
            when = (
                f"begins on {rule.from_}"
                if rule.from_ and self.on < rule.from_
                else f"ended on {rule.until}"
            )
            reason = f"{rule.legal_basis} {when}: no basis on {self.on}. {rule.why}"
            self.refusals.append(Refusal(rule.pack, rule.id, "basis", rule.of, reason))

    def _receiver(self, rule: ContentRule) -> Receiver | None:
        if not self._concerns(rule.to):
            return None
        home = self.situation.service.established
        if home is None:
            self.waiting.setdefault("established", []).append(rule_key(rule))
            return None
        if home not in spread(frozenset({rule.country})) and not rule.leaving:
            reason = f"The pack knows no ground on which files may leave {home} for {rule.to}."
            self.refusals.append(Refusal(rule.pack, rule.id, "files", rule.to, reason))
            return None
        ground = rule.ground if home in spread(frozenset({rule.country})) else rule.leaving
        return Receiver(to=rule.to, ground=ground, **self._said(rule))

    def _keep(self, rule: KeepRule) -> Keep:
        situation = self.situation
        since = situation.reported.get(rule.to) if rule.since == "filed" else situation.at
        end: datetime | None = None
        term = rule.elsewhere or "at once"
        if rule.period is not None:
            term = f"{rule.side} {clocks.shown(rule.period)}"
            count = clocks.until if rule.side is Side.AT_LEAST else clocks.limit
            end = count(since, rule.period, rule.zone) if since else None
        elif rule.side is Side.AT_MOST:
            end = since.astimezone(UTC) if since else None
        return Keep(
            to=rule.to, what=rule.what, side=rule.side, term=term, since=rule.since, until=end,
            **self._said(rule),
        )  # fmt: skip

    def _removal(self, rule: TakedownRule) -> Removal:
        since = self.situation.noticed_at or self.situation.at
        return Removal(of=rule.of, **self._due(since, rule.term, rule), **self._said(rule))

    def _review(self, rule: ReviewRule) -> Review:
        last = self.situation.service.last_reviews.get(rule.of)
        due: datetime | None = None
        if last is not None:
            begin = datetime(last.year, last.month, last.day, tzinfo=UTC)
            due = clocks.limit(begin + timedelta(hours=12), rule.every, UTC)
        return Review(of=rule.of, every=clocks.shown(rule.every), due=due, **self._said(rule))


def _shown(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
