"""An account as text, as JSON, and as a page that needs nothing else."""

from __future__ import annotations

import math
from html import escape
from typing import Any

from tutela.estimation import charts
from tutela.estimation.account import Account, Estimate
from tutela.estimation.bootstrap import Interval

STYLE = """
:root { color-scheme: light dark;
  --ink: #1b1f23; --quiet: #5b6470; --paper: #fff; --mark: #1f5fa8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --quiet: #a4acb5; --paper: #15181b; --mark: #7fb2ec; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
.figure { font-size: 1.5rem; font-weight: 600; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid var(--quiet); }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; margin: 1rem 0; }
svg text { font-size: 12px; fill: var(--ink); }
svg text.small { font-size: 10px; fill: var(--quiet); }
.bar, .on { fill: var(--mark); } .off { fill: var(--quiet); opacity: .3; }
.line, .point { stroke: var(--mark); stroke-width: 2; } .axis { stroke: var(--quiet); }
.point { stroke: var(--ink); } .limit { stroke: var(--ink); stroke-dasharray: 4 3; }
"""


def people(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "no limit"


def limits(interval: Interval) -> str:
    high = people(interval.high)
    return f"{people(interval.low)} to {high}"


def headline(account: Account) -> str:
    """The figure in a sentence, or that there is none."""
    if (found := account.headline) is None:
        return "No figure: it would not be honest to publish one."
    seen = account.histories.observed
    return f"Between {found[0]:,} and {found[1]:,} people, of whom {seen:,} are on a list."


def about(account: Account) -> str:
    told = account.about
    return (
        f"Population: {told.population or 'not stated'}. Place: {told.place or 'not stated'}. "
        f"Period: {told.period or 'not stated'}."
    )


def model(terms: tuple[tuple[str, ...], ...]) -> str:
    """The terms of a model; the lists of a term are given in alphabetical order."""
    return ", ".join("+".join(sorted(term)) for term in terms) or "independent lists"


def text(account: Account) -> str:
    """For a terminal or a mail."""
    said = [headline(account), about(account), ""]
    if account.refusals:
        said += ["Why there is none:", *(f"- {one}" for one in account.refusals), ""]
        said += ["The workings, not for publication:", ""]
    for one in account.estimates:
        said += _estimate(one)
    if account.chapman is not None:
        said += [f"Chapman: {people(account.chapman[0])} ({limits(account.chapman[1])})", ""]
    said += [
        f"At least {people(account.at_least)} (Chao's lower bound).",
        f"The largest of the estimates is {account.apart:.2f} times the smallest.",
        f"Intervals are of 95 %; {account.resamples:,} resamples, seed {account.seed}.",
        "",
        "What speaks against it:",
        *(f"- {one}" for one in account.cautions),
    ]
    return "\n".join(said)


def _estimate(one: Estimate) -> list[str]:
    said = [
        f"{one.way}: {people(one.people)}",
        f"  model: {model(one.model)}",
        f"  BCa, choice of the model counted in: {limits(one.bootstrapped.interval)}",
        f"  Wald, the model taken as known: {limits(one.wald)}",
        f"  profile likelihood, likewise: {limits(one.profile)}",
    ]
    if one.weighted is not None:
        kind = "all" if one.all else "those searched"
        said.append(
            f"  models weighted by BIC, {kind} {one.tried:,}, the middle 95 %: "
            f"{people(one.weighted[0])} to {people(one.weighted[1])}"
        )
    said += [
        f"    {shown.weight:4.0%}  {people(shown.people)} ({limits(shown.wald)})  "
        f"{model(shown.model)}"
        for shown in one.models
    ]
    return [*said, ""]


def record(account: Account) -> dict[str, Any]:
    """For programs. Numbers that have no limit are null."""
    histories, told = account.histories, account.about
    found, span = account.headline, account.range
    return {
        "publish": found is not None,
        "headline": list(found) if found else None,
        "refusals": list(account.refusals),
        "cautions": list(account.cautions),
        "population": told.population or None,
        "place": told.place or None,
        "period": told.period or None,
        "observed": histories.observed,
        "lists": dict(sorted(histories.sizes.items())),
        "shared": dict(sorted(histories.shared.items())),
        "range": [number(x) for x in span] if span else None,
        "at_least": account.at_least,
        "apart": account.apart,
        "chapman": None if account.chapman is None else {
            "people": account.chapman[0], "interval": limits_of(account.chapman[1]),
        },
        "estimates": [_record(one) for one in account.estimates],
        "resamples": account.resamples,
        "seed": account.seed,
        "level": 0.95,
    }  # fmt: skip


def _record(one: Estimate) -> dict[str, Any]:
    made = one.bootstrapped
    return {
        "way": one.way,
        "people": one.people,
        "model": [sorted(term) for term in one.model],
        "bca": limits_of(made.interval),
        "wald": limits_of(one.wald),
        "profile": limits_of(one.profile),
        "weighted": [number(x) for x in one.weighted] if one.weighted else None,
        "bias": made.bias,
        "acceleration": made.acceleration,
        "quantiles": [made.low_share, made.high_share],
        "failed": made.failed,
        "tried": one.tried,
        "all": one.all,
        "models": [
            {
                "model": [sorted(term) for term in shown.model], "people": shown.people,
                "wald": limits_of(shown.wald), "weight": shown.weight,
            }
            for shown in one.models
        ],
    }  # fmt: skip


def limits_of(interval: Interval) -> list[float | None]:
    return [number(interval.low), number(interval.high)]


def number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def page(account: Account) -> str:
    """A page of HTML with its charts; it loads nothing and runs nothing."""
    rows = "".join(
        f"<tr><td>{escape(one.way)}<td>{escape(model(one.model))}<td class=n>{people(one.people)}"
        f"<td class=n>{limits(one.bootstrapped.interval)}<td class=n>{limits(one.wald)}"
        f"<td class=n>{limits(one.profile)}"
        for one in account.estimates
    )
    refused = ""
    if account.refusals:
        refused = (
            f"<h2>Why there is none</h2>{_listed(account.refusals)}"
            "<p>What follows are the workings. They are not for publication.</p>"
        )
    chapman = ""
    if account.chapman is not None:
        chapman = f"<p>Chapman: {people(account.chapman[0])} ({limits(account.chapman[1])}).</p>"
    humps = "".join(charts.distribution(one) for one in account.estimates)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>How many are on no list</title><style>{STYLE}</style></head><body>
<h1>How many are on no list</h1>
<p class="figure">{escape(headline(account))}</p>
<p>{escape(about(account))}</p>
{refused}
<h2>The lists</h2>
{charts.overlaps(account.histories)}
<h2>Estimates by model</h2>
{charts.estimates(account)}
<table><thead><tr><th>way<th>model<th class=n>people<th class=n>BCa<th class=n>Wald
<th class=n>profile</thead><tbody>{rows}</tbody></table>
{chapman}
<p>At least {people(account.at_least)} (Chao's lower bound). The largest of the estimates is
{account.apart:.2f} times the smallest.</p>
<h2>Resamples</h2>
{humps}
<p>Intervals are of 95 %; {account.resamples:,} resamples, seed {account.seed}.</p>
<h2>What speaks against it</h2>
{_listed(account.cautions)}
</body></html>
"""


def _listed(sentences: tuple[str, ...]) -> str:
    return "<ul>" + "".join(f"<li>{escape(one)}" for one in sentences) + "</ul>"
