"""The documentation names everything there is, and nothing that is not.

Tables are generated here: `make docs` writes them, and these tests compare.
"""

from __future__ import annotations

import dataclasses
import os
import re
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import typer

from tutela.decoding.models import Cause, Note
from tutela.decoding.pictures import FORMATS
from tutela.interfaces.cli.app import app
from tutela.settings import Settings
from tutela.signals.variants import DEFAULT_VARIANTS, VARIANTS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def generated(page: str, name: str, body: str) -> None:
    """Compare the part of a page between its two marks with what it should be; or write it."""
    path = DOCS / page
    text = path.read_text()
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    assert pattern.search(text), f"{page} has no part {name}"
    fresh = pattern.sub(lambda m: m[1] + body + m[2], text, count=1)
    if os.environ.get("TUTELA_WRITE_DOCS") == "1":
        path.write_text(fresh)
    assert fresh == text or os.environ.get("TUTELA_WRITE_DOCS"), f"{page}: run make docs"


def settings_in(settings: Any, prefix: str = "") -> list[tuple[str, Any, str]]:
    """Name, default and reason of every setting."""
    rows: list[tuple[str, Any, str]] = []
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            rows += settings_in(value, f"{prefix}{field.name}.")
        else:
            rows.append((prefix + field.name, value, field.metadata["reason"]))
    return rows


def shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"`{v}`" for v in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_every_setting_is_documented_with_its_default_and_reason():
    rows = settings_in(Settings())
    assert all(reason and len(reason) > 20 for _, _, reason in rows)
    table = "| setting | default | why |\n|---|---|---|\n" + "".join(
        f"| `{name}` | {shown(value)} | {reason} |\n" for name, value, reason in rows
    )
    generated("settings.md", "settings", table)


def test_every_variant_is_documented():
    table = "| variant | what is done | by default |\n|---|---|---|\n" + "".join(
        f"| `{name}` | {what} | {'yes' if name in DEFAULT_VARIANTS else 'no'} |\n"
        for name, what in VARIANTS.items()
    )
    generated("signals.md", "variants", table)


def test_every_cause_is_documented():
    table = "| cause | meaning |\n|---|---|\n" + "".join(
        f"| `{cause}` | {cause.meaning} |\n" for cause in Cause
    )
    generated("signals.md", "causes", table)


def test_every_note_and_format_is_documented():
    page = (DOCS / "signals.md").read_text()
    for name in (*Note, *FORMATS):
        assert f"`{name}`" in page, name


def test_every_command_and_option_is_documented():
    page = (DOCS / "commands.md").read_text()
    group = typer.main.get_command(app)
    commands = group.commands
    for name, command in commands.items():
        assert f"## tutela {name}" in page, name
        section = page.split(f"## tutela {name}\n", 1)[1].split("\n## ", 1)[0]
        for parameter in command.params:
            for option in parameter.opts if parameter.param_type_name == "option" else ():
                assert option == "--help" or f"`{option}`" in section, (name, option)
    headings = re.findall(r"^## tutela (\S+)$", page, re.MULTILINE)
    assert headings == list(commands)


def test_every_extension_point_is_documented():
    page = (DOCS / "extension-points.md").read_text()
    declared = {g for g in entry_points().groups if g.startswith("tutela.")}
    in_code = {
        group
        for path in (ROOT / "src").rglob("*.py")
        for group in re.findall(r'^GROUP = "(tutela\.\w+)"', path.read_text(), re.MULTILINE)
    }
    assert declared <= in_code
    for group in in_code:
        assert f"`{group}`" in page, group
    for heading in re.findall(r"^## `(tutela\.\w+)`$", page, re.MULTILINE):
        assert heading in in_code, heading


def test_every_make_target_says_what_it_is_for():
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    for target in phony[1].split():
        assert re.search(rf"^{target}:.*## \S", makefile, re.MULTILINE), target


def test_links_between_pages_lead_somewhere():
    for page in (ROOT / "README.md", *DOCS.glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)


def test_lock_files_name_no_host():
    for lock in (ROOT / "requirements.lock", *(ROOT / "locks").glob("*.lock")):
        text = lock.read_text()
        assert "://" not in text and "--index" not in text and "--find-links" not in text
        assert text.count("--hash=sha256:") > 10
