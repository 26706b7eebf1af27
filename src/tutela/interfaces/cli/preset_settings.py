"""The limits and clocks of each preset, as a settings file that is explained line by line."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """What a preset chooses otherwise than the defaults are, or as they are, to be seen."""

    max_body: int
    memory: int
    screen_rate: int
    lookup_rate: int
    who: str


PRESETS = {
    "small-forum": Limits(
        64 * MIB, 512 * MIB, 20, 10, "50 000 uploads a day are less than one a second."
    ),
    "image-host": Limits(256 * MIB, GIB, 1000, 200, "As fast as one machine screens."),
    "file-storage": Limits(5 * GIB, 2 * GIB, 500, 100, "Files of any kind, and large ones."),
    "hotline": Limits(GIB, GIB, 10, 10, "People send these, not programs."),
    "police-unit": Limits(5 * GIB, 2 * GIB, 100, 100, "Exhibits: many, and large."),
}


def render(preset: str) -> str:
    """The settings file of a preset, in TOML. Raises KeyError."""
    chosen = PRESETS[preset]
    return f"""\
# Limits and clocks of Tutela, from the preset {preset}. {chosen.who}
# docs/settings.md lists all settings, with their reasons. Restart the service after a change.

[service]
# Bytes of one upload: what is larger is refused, not screened in part.
max_body = {chosen.max_body}
# Bytes of all uploads held in memory at a time, in each web process.
memory = {chosen.memory}
# Uploads a second for each key.
screen_rate = {chosen.screen_rate}
# Lookups a second for each key: who may ask without end can map what is known.
lookup_rate = {chosen.lookup_rate}

[screening]
# Different altered copies near one known picture, from one key or creator in an hour, that sound
# an alarm.
probing_values = 20
# Days that the sealed file of a self-test is kept. How long other evidence waits for a decision
# is in the policy: keep_for.
test_days = 1

[webhooks]
# Days that messages which were taken are kept, to be looked at.
keep_days = 7

[jobs]
# Days that finished work of the worker is kept, to be looked at.
keep_runs = 7
"""
