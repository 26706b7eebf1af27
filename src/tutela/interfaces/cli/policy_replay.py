"""`tutela policy {test, explain}`: what policies do, and would have done."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.interfaces.cli.policy import policy_in
from tutela.policy import Facts, Policy, Recorded, replay
from tutela.policy.words import channel_words, ending_words, rule_words
from tutela.screening import policies, records
from tutela.screening.files import open_regular

PAGE = 1000
"""Decisions read at a time."""

LONGEST_LINE = 1 << 20
"""Bytes of one recorded decision in a file."""


def test(file: Path, recorded: Path | None, limit: int, *, as_json: bool) -> None:
    policy = policy_in(file)
    table = output.table("item", "was", "by", "would be", "by")
    verdicts: Counter[str] = Counter()
    total = changed = 0

    def counted(decisions: Iterator[Recorded]) -> Iterator[Recorded]:
        nonlocal total
        for total, one in enumerate(decisions, 1):  # noqa: B007 - counts what passes
            yield one

    with ExitStack() as stack:
        for change in replay(policy, counted(_decisions(stack, recorded))):
            changed += 1
            if change.of_verdict:
                verdicts[f"{change.verdict} → {change.new_verdict}"] += 1
            if changed > limit:
                continue
            if as_json:
                output.line(asdict(change))
            else:
                words = (change.item, change.verdict, change.rule, change.new_verdict)
                table.add_row(*map(output.printable, words), change.new_rule or "no rule")
    if as_json:
        output.line({"decisions": total, "changed": changed, "verdicts": dict(verdicts)})
        return
    if changed:
        output.console().print(table)
    if changed > limit:
        print(f"… and {changed - limit:,} more (--limit)")
    print(f"{total:,} decisions, of which {changed:,} would have been others or by another rule:")
    for name, count in verdicts.most_common():
        print(f"  {count:,} {name}")
    if not verdicts:
        print("  no verdict would change")


def explain(what: str, recorded: Path | None, *, as_json: bool) -> None:
    if not what.startswith("itm_") or Path(what).exists():
        _explain_policy(policy_in(Path(what)), as_json=as_json)
        return
    with ExitStack() as stack:
        if recorded is None:
            app = stack.enter_context(opened())
            found = records.of_item(stack.enter_context(app.database.reading()), what)
        else:
            found = next((d for d in _of_file(stack, recorded) if d.item == what), None)
    if found is None:
        raise TutelaError(
            f"No decision on {output.printable(what)} is recorded.",
            "Of what matched nothing, nothing is kept.",
        )
    _explain_decision(found, as_json=as_json)


def _explain_policy(policy: Policy, *, as_json: bool) -> None:
    if as_json:
        output.line({
            "version": policy.version,
            "channels": {name: channel_words(c) for name, c in policy.channels.items()},
            "rules": [
                {"name": rule.name, "state": rule.state, "words": rule_words(rule)}
                for rule in policy.rules
            ],
            "surge": asdict(policy.surge),
        })  # fmt: skip
        return
    print(f"version {policy.version}\n\nItems are screened that come from")
    for channel in policy.channels.values():
        print(f"  {channel_words(channel)}")
    print("and no others. Rules, from the top; the first live one that holds decides:")
    for number, rule in enumerate(policy.rules, 1):
        print(f"  {number}. {rule.name} ({rule.state}): {rule_words(rule)}")
    print(ending_words(policy))


def _explain_decision(found: Recorded, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        row = policies.current(session)
    now = policies.loaded(row).decide(found.facts) if row else None
    facts = json.loads(found.facts.dumps())
    if as_json:
        output.line({
            "item": found.item, "on": str(found.on), "verdict": found.verdict, "rule": found.rule,
            "now": asdict(now) | {"actions": sorted(now.actions)} if now else None,
            "facts": facts,
        })  # fmt: skip
        return
    by = f"by the rule {found.rule}" if found.rule else "since no rule held"
    print(f"{output.printable(found.item)} was decided on {found.on}: {found.verdict}, {by}.")
    if now:
        print(f"The policy of today decides: {now.verdict}. {now.explanation}")
        for would in now.background:
            print(f"In the background, {would.rule} would decide: {would.verdict}.")
    print(output.printable(json.dumps(facts)))


def _decisions(stack: ExitStack, file: Path | None) -> Iterator[Recorded]:
    """Decisions of a file, or those recorded here, a page at a time."""
    if file is not None:
        yield from _of_file(stack, file)
        return
    app = stack.enter_context(opened())
    session = stack.enter_context(app.database.reading())
    after = ""
    while found := records.recorded(session, after, PAGE):
        yield from found
        after = found[-1].item


def _of_file(stack: ExitStack, file: Path) -> Iterator[Recorded]:
    try:
        stream = stack.enter_context(open_regular(file))
    except OSError as error:
        raise TutelaError(
            f"{output.printable(file)} cannot be read: {error.strerror or type(error).__name__}.",
            "Name a file that is there.",
        ) from None
    number = 0
    while text := stream.readline(LONGEST_LINE):
        number += 1
        if text.strip():
            try:
                yield recorded_of(json.loads(text))
            except (ValueError, RecursionError) as error:
                raise TutelaError(
                    f"{output.printable(file)}:{number}: this is no recorded decision: {error}.",
                    "See docs/policy.md.",
                ) from None


def recorded_of(made: Any) -> Recorded:
    """A recorded decision of the object that JSON gave. Raises ValueError."""
    if not isinstance(made, dict):
        raise ValueError("it is not an object")
    words = [made.get(name) for name in ("item", "on", "verdict", "rule")]
    if not all(isinstance(word, str) for word in words):
        raise ValueError("item, on, verdict and rule are texts")
    item, on, verdict, rule = map(str, words)
    return Recorded(item, date.fromisoformat(on), Facts.of(made.get("facts")), verdict, rule)
