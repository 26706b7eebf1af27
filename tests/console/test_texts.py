"""Texts of the console go through gettext, and the template of translations has them all."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import babel.messages.pofile
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

from tutela.interfaces.console import texts
from tutela.interfaces.console.rendering import TEMPLATES, environment

FOLDER = TEMPLATES.parent
POT = texts.LOCALES / f"{texts.DOMAIN}.pot"
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)}
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"templates/**.html": {"trimmed": "false", "newstyle_gettext": "true"}}
ALLOWED = {
    "Tutela", "· Tutela", "tutela init --new-link", "Authorization: Bearer …",
    "person:NAME, key:NAME",
    "/console/banks", "wide", "button button-", 'aria-invalid="true"',
    'aria-describedby=" -wrong -hint " aria-invalid="true"',
}  # fmt: skip
"""What is the same in each language."""


def written() -> str:
    catalog = Catalog(project="Tutela", charset="utf-8", fuzzy=False)
    catalog.header_comment = "# What the console says, to be translated. Made by: make docs"
    for found in extract_from_dir(FOLDER, METHODS, OPTIONS, KEYWORDS):
        name, _, message, comments, context = found
        catalog.add(message, None, [(name, None)], auto_comments=comments, context=context)
    made = io.BytesIO()
    babel.messages.pofile.write_po(
        made, catalog, sort_output=True, include_lineno=False, width=0, omit_header=False
    )
    text = made.getvalue().decode()
    return re.sub(r'^"(POT-Creation|PO-Revision|Last-Trans|Lang|Gener|Report|Project)[^\n]*\n', "",
                  text, flags=re.MULTILINE)  # fmt: skip


def test_the_template_of_translations_has_every_text_as_documented() -> None:
    text = written()
    if os.environ.get("TUTELA_WRITE_DOCS"):
        POT.parent.mkdir(exist_ok=True)
        POT.write_text(text, encoding="utf-8")
    assert POT.read_text(encoding="utf-8") == text, "run: make docs"


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_no_text_of_a_template_goes_past_gettext(path: Path) -> None:
    text, within = "", False
    for _, token, value in environment().lex(path.read_text(encoding="utf-8")):
        if token == "name" and value in ("trans", "endtrans"):
            within = value == "trans"
        elif token == "data" and not within:
            text += value
        elif token in ("variable_begin", "block_begin"):
            text += " "
    seen = re.sub(r"<[^>]*>", "\n", text)
    named = re.findall(r'(?:aria-label|alt|title|placeholder|data-confirm)="([^"]+)"', text)
    left = {" ".join(line.split()) for line in [*seen.split("\n"), *named]}
    strange = {line for line in left if re.search(r"[A-Za-z]{2}", line)} - ALLOWED
    assert not strange, strange


def test_every_template_can_be_compiled() -> None:
    for path in TEMPLATES.rglob("*.html"):
        environment().get_template(str(path.relative_to(TEMPLATES)))


def test_a_message_after_a_redirect_is_one_of_the_table() -> None:
    assert texts.said("zone.changed").startswith("Times are shown")
    assert texts.said("<b>") == ""


def test_whatever_a_page_is_told_to_say_is_in_the_table() -> None:
    for path in FOLDER.glob("*.py"):
        for key in re.findall(
            r'see_other\([^()]*(?:\([^()]*\))?[^()]*, "([a-z.]+)"', path.read_text()
        ):
            assert key in texts.SAID, (path.name, key)
