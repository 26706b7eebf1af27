"""The documentation names everything there is, and nothing that is not.

Tables are generated here: `make docs` writes them, and these tests compare.
"""

from __future__ import annotations

import ast
import dataclasses
import os
import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import typer

from tutela.banks.lists import FIELDS
from tutela.banks.models import Purpose
from tutela.banks.search import REVIEWED
from tutela.banks.service import TAKES_TWO
from tutela.decoding.models import Cause, Note
from tutela.decoding.pictures import FORMATS
from tutela.interfaces.cli.app import app
from tutela.matching.layouts import FARTHEST, INDEXED
from tutela.people.permissions import RESTRICTED, Permission
from tutela.people.roles import BUILT_IN
from tutela.settings import NOT_SETTINGS, Settings
from tutela.signals.variants import DEFAULT_VARIANTS, VARIANTS
from tutela.webhooks.messages import KINDS

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
    if value == "":
        return "empty"
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


def commands_of(group: Any, name: str = "tutela") -> Iterator[tuple[str, Any]]:
    """Every command that can be given, by its whole name, in the order of the app."""
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_of(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


def test_every_command_and_option_is_documented():
    page = (DOCS / "commands.md").read_text()
    commands = dict(commands_of(typer.main.get_command(app)))
    assert "tutela bank create" in commands and "tutela screen" in commands
    for name, command in commands.items():
        assert f"\n## {name}\n" in page, name
        section = page.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]
        usage = section.strip("\n").split("\n\n", 1)[0]
        assert usage.startswith(f"    {name}"), name
        options = set()
        for parameter in command.params:
            if parameter.param_type_name == "option":
                options |= {*parameter.opts, *parameter.secondary_opts} - {"--help", "-h"}
            else:
                assert str(parameter.metavar) in usage, (name, parameter.metavar)
        for option in options:
            assert f"`{option}`" in section, (name, option)
        in_table = {o for row in rows_of(section) for o in re.findall(r"`(--[a-z-]+)`", row[0])}
        assert in_table == options, (name, in_table ^ options)
    assert re.findall(r"^## (tutela .+)$", page, re.MULTILINE) == list(commands)


def rows_of(text: str) -> list[list[str]]:
    """The cells of all rows of the tables in a text."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.split("\n")
        if line.startswith("|") and not line.startswith("|---")
    ]


def test_every_purpose_is_documented_with_what_it_leads_to():
    rows = {row[0]: row for row in rows_of((DOCS / "banks.md").read_text())}
    for purpose in Purpose:
        _, _, report, others = rows[f"`{purpose}`"]
        assert report == ("yes" if purpose.reportable else "no"), purpose
        assert others == ("speaks against them" if purpose.vetoes else "stand"), purpose
        assert f"`{purpose}`" in (DOCS / "commands.md").read_text()


def test_every_field_of_a_list_is_documented():
    page = (DOCS / "banks.md").read_text()
    rows = {name for row in rows_of(page) for name in re.findall(r"`(\w+)`", row[0])}
    assert rows.issuperset(FIELDS)


def test_what_of_a_bank_takes_two_people_is_documented():
    page = (DOCS / "banks.md").read_text()
    section = page.split("\n## Two people\n", 1)[1].split("\n## ", 1)[0]
    for field in TAKES_TWO:
        assert f"`{field}`" in section, field


def test_the_limits_of_distances_are_documented():
    section = (DOCS / "banks.md").read_text().split("\n## Distance\n", 1)[1].split("\n## ", 1)[0]
    numbers = [int(row[0].split(" ")[-1]) for row in rows_of(section)[1:]]
    assert numbers == [INDEXED, REVIEWED, FARTHEST]


def test_every_scope_of_a_key_is_documented():
    page = (DOCS / "commands.md").read_text()
    section = page.split("\n## tutela key create\n", 1)[1].split("\n## ", 1)[0]
    for scope in Permission:
        assert f"`{scope}`" in section, scope


def test_every_act_in_the_audit_log_is_documented():
    logged = {
        action
        for path in (ROOT / "src").rglob("*.py")
        if "audit.append(" in (text := path.read_text())
        for action in re.findall(r'"([a-z]+\.[a-z]+)"', text)
    }
    assert {"bank.add", "bank.import", "key.create", "approval.give"} <= logged
    rows = rows_of((DOCS / "audit.md").read_text())
    documented = {name for row in rows for name in re.findall(r"`([a-z]+\.[a-z]+)`", row[0])}
    files = list((ROOT / "src").rglob("*.py"))
    others = {kind for path in files for kind in sounded_in(path) | recorded_in(path)}
    assert documented == logged - (others - documented)  # alarms and events stand beside acts


def test_every_name_in_the_environment_is_documented():
    page = (DOCS / "settings.md").read_text()
    for name in NOT_SETTINGS:
        assert f"`{name}" in page, name
    assert "`TUTELA_POSTGRES`" in (DOCS / "building.md").read_text()
    assert "`TUTELA_KEY`" in (DOCS / "commands.md").read_text()


def test_every_package_is_on_the_map():
    page = (DOCS / "building.md").read_text()
    places = [p for p in (ROOT / "src" / "tutela").iterdir() if not p.name.startswith("_")]
    for name in [p.stem for p in places if p.suffix == ".py" or (p / "__init__.py").exists()]:
        assert re.search(rf"^    {name}\b", page, re.MULTILINE), name


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
        text = page.read_text()
        for target, part in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", text.replace("\n", " ")):
            path = page.parent / target if target else page
            assert path.exists(), (page.name, target)
            assert not part or part in anchors(path.read_text()), (page.name, target, part)


def anchors(text: str) -> set[str]:
    """What a link may name of a page: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_lock_files_name_no_host():
    for lock in (ROOT / "requirements.lock", *(ROOT / "locks").glob("*.lock")):
        text = lock.read_text()
        assert "://" not in text and "--index" not in text and "--find-links" not in text
        assert text.count("--hash=sha256:") > 10


def test_every_kind_of_message_is_documented():
    rows = {row[0] for row in rows_of((DOCS / "webhooks.md").read_text())}
    assert {f"`{kind}`" for kind in KINDS} <= rows


def test_every_kind_of_alarm_is_documented():
    sounded = {kind for path in (ROOT / "src").rglob("*.py") for kind in sounded_in(path)}
    assert "webhook.dead" in sounded
    rows = {row[0] for row in rows_of((DOCS / "alarms.md").read_text())}
    assert rows - {"kind"} == {f"`{kind}`" for kind in sounded}


def sounded_in(path: Path) -> set[str]:
    """Kinds given to `alarms.sound` as literals, or as constants of the same module."""
    tree = ast.parse(path.read_text())
    named: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named[node.targets[0].id] = node.value
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            values = getattr(node.value, "elts", [])
            named |= dict(zip(map(ast.unparse, node.targets[0].elts), values, strict=False))
    kinds = [call.args[2] for call in calls_of("alarms.sound", tree)]
    return {ast.literal_eval(named.get(ast.unparse(kind), kind)) for kind in kinds}


def recorded_in(path: Path) -> set[str]:
    """What is given to `events.record` as a literal."""
    kinds = [call.args[2] for call in calls_of("events.record", ast.parse(path.read_text()))]
    return {str(kind.value) for kind in kinds if isinstance(kind, ast.Constant)}


def calls_of(name: str, tree: ast.Module) -> list[ast.Call]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == name]


def test_every_permission_and_role_is_documented():
    rows = rows_of((DOCS / "people.md").read_text())
    for permission in Permission:
        restricted = "yes" if permission in RESTRICTED else ""
        assert [f"`{permission}`", permission.what, restricted] in rows, permission
    for name, (note, permissions) in BUILT_IN.items():
        given = ", ".join(f"`{one}`" for one in sorted(permissions))
        assert [f"`{name}`", note, given] in rows, name


def test_each_line_that_posts_a_file_says_its_type():
    """What curl calls it by itself, a form, is refused: its bytes would not be the file's."""
    demo = ROOT / "src/tutela/interfaces/cli/demo.py"
    texts = [path.read_text() for path in [*DOCS.glob("*.md"), ROOT / "README.md", demo]]
    posts = [part for text in texts for part in re.findall(r"curl [^`]*?--data-binary", text)]
    assert len(posts) >= 3
    assert all("Content-Type: " in post for post in posts)
