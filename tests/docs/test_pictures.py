"""The guide shows every picture that its script takes, and says in words what is on it."""

from __future__ import annotations

import ast
import re

from docs.test_docs import DOCS, ROOT

SHOWN = re.compile(r"!\[([^\]]*)\]\((?:docs/)?pictures/([a-z-]+)\.png\)")


def taken() -> set[str]:
    """The names of all pictures, as the script has them."""
    tree = ast.parse((DOCS / "pictures" / "take.py").read_text())
    (pages,) = [
        node.value for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "PAGES"
    ]  # fmt: skip
    assert isinstance(pages, ast.Dict)
    names = {key.value for key in pages.keys if isinstance(key, ast.Constant)}
    kept = [
        node.args[1] for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_keep"
    ]  # fmt: skip
    return {str(name) for name in names} | {
        one.value for one in kept if isinstance(one, ast.Constant)
    }


def test_every_picture_is_there_and_shown_with_words():
    texts = [path.read_text() for path in (*DOCS.glob("*.md"), ROOT / "README.md")]
    shown = [found for text in texts for found in SHOWN.findall(text)]
    assert all(len(words) > 15 for words, _ in shown)
    there = {path.stem for path in (DOCS / "pictures").glob("*.png")}
    assert {name for _, name in shown} == there == taken()
    assert len(there) > 10
