"""Policies to start from, explained line by line: one for each kind of operator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from textwrap import wrap

from tutela.errors import TutelaError
from tutela.policy.countries import COUNTRIES, notes
from tutela.policy.loading import load
from tutela.policy.models import Policy

DISTANCE = 31
"""Bits of 256 that a PDQ match may differ and still block: the distance that PDQ's authors
recommend for a match (https://github.com/facebook/ThreatExchange/tree/main/pdq)."""

QUALITY = 50
"""PDQ quality below which hashes are noise, as its authors recommend."""

TERMS = "Terms of service, confirm with counsel"
MANDATE = "Mandate of this organisation, confirm with counsel"


class PresetError(TutelaError):
    """A preset or a country that does not exist."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Open:
    """A channel that a preset lists: why, on which basis, and how long bytes are kept there."""

    name: str
    why: str
    basis: str
    keep_for: str = "P30D"


@dataclass(frozen=True, slots=True)
class Preset:
    """`who` it is for; `channels` it lists; `block` says what the verdict means to them."""

    who: str
    channels: tuple[Open, ...]
    block: str = "The upload is refused, and its bytes are sealed as evidence."
    distance: int = DISTANCE


PRESETS: dict[str, Preset] = {
    "small-forum": Preset(
        "A forum or community with a few moderators, where uploads are published.",
        (
            Open("public", "Posts and pictures that anyone may see, or any member.", TERMS),
            Open("unknown", "Uploads of which the forum does not say where they go. Delete this"
                 " if members can also write to each other privately.", TERMS),
        ),
    ),
    "image-host": Preset(
        "A service that publishes pictures under an address that anyone can open.",
        (
            Open("public", "Pictures that anyone may see who has the address.", TERMS),
            Open("unknown", "Uploads of which the service does not say where they go. Delete this"
                 " if it has private albums too.", TERMS),
        ),
    ),
    "file-storage": Preset(
        "A service that stores files for customers, who may share them.",
        (
            Open("public", "Files that were shared by a link or published.", TERMS),
            Open("private-storage", "Files that only the customer can open. Searching them needs a"
                 " basis of its own: delete this unless counsel has confirmed it.", TERMS),
        ),
    ),
    "hotline": Preset(
        "A hotline that takes reports from the public and from others of its kind.",
        (
            Open("public", "What was reported and can be seen by anyone.", MANDATE, "P90D"),
            Open("unknown", "What was reported without a word on where it was.", MANDATE, "P90D"),
        ),
        block="It is known: nobody needs to look at it again to say what it is.",
    ),
    "police-unit": Preset(
        "A unit that takes referrals and examines what was lawfully seized.",
        (
            Open("public", "What was found where anyone can see it.", MANDATE, "P1Y"),
            Open("unknown", "Referrals and exhibits; the case file says where they were.",
                 MANDATE, "P1Y"),
        ),
        block="It is known: nobody needs to look at it again to say what it is.",
    ),
}  # fmt: skip


def render(preset: str, country: str) -> str:
    """The policy of a preset for a country, as YAML. Raises `PresetError`."""
    chosen = PRESETS.get(preset)
    if chosen is None:
        raise PresetError(
            f"There is no preset {preset[:64]!r}.", f"There are {', '.join(PRESETS)}."
        )
    if country not in COUNTRIES:
        raise PresetError(
            f"{country[:64]!r} is no country.",
            "Write its two letters as in ISO 3166, in capitals: US, GB, DE.",
        )
    return "\n".join([
        *_comment(f"Policy for {country}, from the preset {preset}. {chosen.who}"),
        "#",
        *_comment("What stands behind # is explanation. Check a change before it is applied:"),
        "#     tutela policy check policy.yaml     is it a policy at all?",
        "#     tutela policy test policy.yaml      what would it have decided otherwise?",
        "#     tutela policy apply policy.yaml     from now on it decides",
        "#",
        *_comment("This is no legal advice. Have a lawyer confirm each legal basis."),
        *(f"# {line}" for line in notes(country)),
        "",
        "format: 1  # of this file, not of your policy",
        "",
        *_channels(chosen),
        *SURGE,
        *_rules(chosen),
    ]) + "\n"  # fmt: skip


@cache
def default() -> Policy:
    """What every preset starts from, for where none was chosen."""
    return load(render("small-forum", "GB"), "the built-in policy")


def _comment(text: str, indent: str = "") -> list[str]:
    return [f"{indent}# {line}" for line in wrap(text, 90 - len(indent))]


def _channels(chosen: Preset) -> list[str]:
    lines = _comment(
        "Where items come from. What is not listed here is refused, with that reason: nothing is"
        " screened that you gave no legal basis for."
    )
    lines.append("channels:")
    for channel in chosen.channels:
        lines += [
            *_comment(channel.why, "  "),
            f"  {channel.name}:",
            "    # Why you may screen it: put the clause or the law here, once it is confirmed.",
            f'    legal_basis: "{channel.basis}"',
            "    # from: 2026-01-01   first day of that basis; without it, always",
            "    # until: 2027-01-01  its last day; afterwards items are refused",
            "    # Whether the bytes of what matched may be kept, sealed; of nothing else ever.",
            "    keep: yes",
            "    # How long they are kept until a person has decided. Report and legal hold have",
            "    # clocks of their own.",
            f"    keep_for: {channel.keep_for}",
        ]
    listed = {channel.name for channel in chosen.channels}
    absent = [name for name in ("private-message", "private-storage") if name not in listed]
    return [
        *lines,
        *_comment(f"Not listed, so refused: {', '.join(absent)}. Before you list one, have counsel"
                  " confirm its legal basis, and since when and until when it holds.", "  "),
        "",
    ]  # fmt: skip


SURGE = [
    "# A bank that suddenly matches this many times its mean of 7 days, as a share of what is",
    "# screened, and at least so many items in this hour and the one before, is more likely",
    "# broken than right: its matches then block nothing until you look.",
    "surge:",
    "  factor: 10",
    "  least: 20",
    "",
]


def _rules(chosen: Preset) -> list[str]:
    return [
        *_comment("Rules are asked from the top; the first live one that holds decides. If none"
                  " holds, the item is allowed, and all that is kept of it is a count."),
        "rules:",
        *_comment("Every cryptographic hash that the source gives agrees, so it is the same file."
                  " MD5 alone does not count: it can be forged. A match that may only make a"
                  f" person look never blocks, whatever a rule says. {chosen.block}", "  "),
        "  - name: same-file",
        "    state: live",
        '    when: match.strength == "exact"',
        "    verdict: block",
        "    actions: [keep, case, notify]  # seal the bytes, open a case, tell your webhook",
        "    why: The same file is known.",
        "",
        *_comment(f"Nearly the same picture: at most {chosen.distance} of 256 bits differ, both"
                  " pictures have detail, and the upload was compared as it is, neither mirrored"
                  " nor turned nor cropped. least_quality is that of the upload where the source"
                  " gives none.", "  "),
        "  - name: same-picture",
        "    state: live",
        "    when: >",
        f'      match.type == "pdq" and match.distance <= {chosen.distance}',
        f'      and match.least_quality >= {QUALITY} and match.variant == "plain"',
        "    verdict: block",
        "    actions: [keep, case, notify]",
        "    why: Nearly the same picture is known.",
        "",
        *_comment("A rule in the background decides nothing: what it would have done is recorded,"
                  " and tutela policy explain shows it. This one asks how often two independent"
                  " sources know what no rule above blocks.", "  "),
        "  - name: two-sources",
        "    state: background",
        "    when: any match and sources >= 2",
        "    verdict: block",
        "    why: Two independent sources know a picture like it.",
        "",
        *_comment("All else that matches is for a person: one forgeable hash, an altered copy, a"
                  " picture with little detail, a wide distance.", "  "),
        "  - name: uncertain-match",
        "    state: live",
        "    when: any match",
        "    verdict: review",
        "    actions: [keep, case, notify]",
        "    why: Something known is near, and only a person can say whether it is the same.",
        "",
        *_comment("What could not be looked at is not thereby harmless. Nothing is kept of it and"
                  " no case is opened, since nothing matched: your service decides what to do with"
                  " the verdict. The three causes named here say that there is no picture.", "  "),
        "  - name: not-looked-at",
        "    state: live",
        "    when: >",
        "      file.undecodable != null",
        '      and file.undecodable not in ["empty", "not_a_picture", "too_small"]',
        "    verdict: review",
        "    actions: []",
        "    why: The file could not be looked at.",
        "",
        "  # The same for what was looked at only in part.",
        "  - name: looked-at-in-part",
        "    state: live",
        "    when: >",
        '      "partial" in file.notes or "cut_short" in file.notes or "sampled" in file.notes',
        "    verdict: review",
        "    actions: []",
        "    why: Only a part of the file could be looked at.",
    ]  # fmt: skip
