"""Conditions: a text becomes a function of the facts. Never evaluated as Python.

The library `rule_engine` reads the grammar. Before it sees a text, every token is checked against
what conditions may say: no arithmetic, calls, loops or regular expressions, so that nothing can
burn time while it is read or asked. Afterwards the tree that it gives is checked node by node for
kinds and values, which the library would let pass as never equal, and made into closures: its own
evaluation raises where a fact is not known, and costs 5 us for a comparison instead of 0.2.
"""

from __future__ import annotations

import operator
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from itertools import accumulate
from typing import Any, NoReturn

from tutela.policy.documents import shown
from tutela.policy.vocabulary import Kind, Name, Read

MAX_LENGTH = 4000
"""Characters of one condition."""

MAX_TOKENS = 400
"""Words and signs of one condition: long chains nest deeply in the parser."""

MAX_OPERATORS = 80
"""`and`, `or` and `not` of one condition, for the same reason."""

MAX_PARENTHESES = 10
"""Nesting of parentheses."""

TOKEN = re.compile(
    r"""(?P<any>any\s+match\b(?!\s*\.))
      | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
      | (?P<number>\d{1,15}(?:\.\d{1,15})?(?![\w.]))
      | (?P<text>"[^"\\\n]{0,1000}"|'[^'\\\n]{0,1000}')
      | (?P<sign>==|!=|<=|>=|<(?![<=])|>(?![>=])|[()\[\],])""",
    re.VERBOSE | re.ASCII,
)
WORDS = frozenset({"and", "or", "not", "in", "true", "false", "null"})
NOT_WORDS = frozenset({"for", "if", "inf", "nan", "elif", "else", "while"})
"""Words that the library keeps for what conditions may not say."""

OPENING = frozenset({"(", "[", ",", "==", "!=", "<=", ">=", "<", ">"})
"""What may stand before a parenthesis, beside words."""

HINTS = {
    "=~": 'Regular expressions can take for ever: write "part" in item.url, or name in [...].',
    "!~": 'Regular expressions can take for ever: write "part" not in item.url.',
    "=": "Write == for equal.",
    "&": "Write and.",
    "|": "Write or.",
    "!": "Write not, or != for unequal.",
    "-": "There is no arithmetic, and no number below 0.",
    "\\": "Write a text without backslashes.",
    '"': "A text ends with its quote, on the same line, without backslashes.",
    "'": "A text ends with its quote, on the same line, without backslashes.",
}
NOTHING_ELSE = "Compare names with == != < <= > >= in, and join with and, or, not."


CLOSE = 0.8
"""How like a name must be to be proposed, 0 to 1: one slip in five letters."""


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    start: int
    kind: str


@dataclass(frozen=True, slots=True)
class Condition:
    """`holds(view, match)`; `text` as it was understood. `of_match`: it speaks of one match, and is
    asked for each; `of_matches`: of matches at all."""

    text: str
    holds: Read
    of_match: bool
    of_matches: bool


class Wrong(Exception):
    """A condition that cannot be used; `token` is the number of the one where it shows."""

    def __init__(self, token: int, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.token = token
        self.what = what
        self.hint = hint


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a condition, until the first that cannot be used. Raises `Wrong`."""
    found: list[Token] = []
    at, depth, operators = 0, 0, 0
    if len(text) > MAX_LENGTH:
        raise Wrong(0, f"A condition has at most {MAX_LENGTH} characters.", "Make it two rules.")
    while (at := _skip(text, at)) < len(text):
        token = TOKEN.match(text, at)
        if not token or not token.lastgroup:
            _refuse_sign(len(found), text[at:])
        word, kind = token[0], token.lastgroup
        before = found[-1] if found else None
        _check_neighbours(before, word, kind, at, len(found))
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(word, 0) if kind == "sign" else 0
        operators += kind == "name" and word in ("and", "or", "not")
        found.append(Token(word, at, kind))
        yield found[-1]
        if depth > MAX_PARENTHESES:
            raise Wrong(len(found) - 1, f"More than {MAX_PARENTHESES} parentheses are open.")
        if operators > MAX_OPERATORS or len(found) > MAX_TOKENS:
            raise Wrong(len(found) - 1, "The condition is too long.", "Make it two rules.")
        at = token.end()
    if not found:
        raise Wrong(0, "The condition is empty.", "Write, for example, any match.")
    if depth > 0:
        raise Wrong(len(found) - 1, "A parenthesis is not closed.", "Close it behind this.")


def _check_neighbours(before: Token | None, word: str, kind: str, at: int, number: int) -> None:
    """What the library would read as a call, an index, or a text of another kind."""
    if before is None:
        return
    named = before.kind == "name" and before.text not in WORDS
    if named and kind == "text" and before.start + len(before.text) == at:
        raise Wrong(number - 1, f"{shown(before.text)} stands before a quote.", "Delete it.")
    if word == "(" and (named or (before.kind != "name" and before.text not in OPENING)):
        raise Wrong(number - 1, "Nothing can be called here.", NOTHING_ELSE)
    if word == "[" and before.text not in ("in", *OPENING):
        raise Wrong(number, "A list stands behind in.", 'Write name in ["a", "b"].')


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\n":
        at += 1
    return at


def _refuse_sign(token: int, rest: str) -> NoReturn:
    sign = rest[:2] if rest[:2] in HINTS else rest[0]
    if rest[0].isdigit():
        raise Wrong(token, "This number is not one that can be written here.", "Write 50 or 0.5.")
    if rest[0] in "\"'":
        raise Wrong(token, "This text does not end.", HINTS[rest[0]])
    hint = HINTS.get(sign, NOTHING_ELSE)
    raise Wrong(token, f"The sign {shown(sign)} cannot be used in a condition.", hint)


def compiled(text: str, known: Mapping[str, Name]) -> Condition:
    """The condition of a text. Raises `Wrong`."""
    import rule_engine  # half a second, which programs that decide nothing need not wait

    found = list(tokens(text))
    for number, token in enumerate(found):
        if token.kind == "name" and token.text not in WORDS and token.text not in known:
            raise Wrong(number, *_unknown(token.text, known))
    words = ["any_match" if token.kind == "any" else token.text for token in found]
    starts = list(accumulate((len(word) + 1 for word in words[:-1]), initial=0))
    try:
        statement = _parser().parse(" ".join(words), rule_engine.Context(default_timezone="utc"))
    except rule_engine.errors.RuleSyntaxError as error:
        if error.token is None:
            raise Wrong(len(found) - 1, "The condition ends too early.", NOTHING_ELSE) from None
        number = bisect_right(starts, error.token.lexpos) - 1
        raise Wrong(
            number, f"{shown(found[number].text)} cannot stand here.", NOTHING_ELSE
        ) from None
    except rule_engine.EngineError:
        raise Wrong(0, "This compares what cannot be compared.", NOTHING_ELSE) from None
    return _Compiler(found, known).condition(statement.expression)


@cache
def _parser() -> Any:
    from rule_engine.parser import Parser

    return Parser()


def _unknown(name: str, known: Mapping[str, Name]) -> tuple[str, str]:
    what = f"There is no name {shown(name)}."
    if name in NOT_WORDS:
        return f"{name} cannot be used in a condition.", NOTHING_ELSE
    if name == "any":
        return "any stands only in any match.", "Leave it out: a condition asks for any match."
    near = get_close_matches(name, known, 1, CLOSE)
    if near:
        return what, f"Do you mean {near[0]}?"
    if name.startswith(("item.", "creator.", "extra.")) and name.count(".") == 1:
        return what, "Declare it under fields: see docs/policy.md."
    return what, "The names are in docs/policy.md; texts stand in quotes."


@dataclass(frozen=True, slots=True)
class _Part:
    """A checked part of a condition. `token` is where it shows; `constant` if it is one."""

    kind: Kind | None
    read: Read
    token: int
    name: Name | None = None
    constant: Any = None
    is_constant: bool = False
    members: tuple[_Part, ...] | None = None
    """What a literal list holds."""


class _Compiler:
    """Makes closures of a tree, in the order in which its names were written."""

    def __init__(self, found: list[Token], known: Mapping[str, Name]) -> None:
        self.known = known
        self.written = [
            number
            for number, token in enumerate(found)
            if token.kind == "any" or (token.kind == "name" and token.text not in WORDS)
        ]
        self.next = 0
        self.used: list[Name] = []
        self.words = ["any match" if token.kind == "any" else token.text for token in found]
        self.text = " ".join(self.words)

    def condition(self, tree: Any) -> Condition:
        part = self._part(tree)
        self._want_yes_no(part)
        of_match = any(name.of_match for name in self.used)
        of_matches = any(name.of_matches for name in self.used)
        return Condition(self.text, part.read, of_match, of_matches)

    def _part(self, tree: Any) -> _Part:
        from rule_engine import ast

        readers: tuple[tuple[Any, Callable[[Any], _Part]], ...] = (
            (ast.SymbolExpression, self._name),
            (ast.GetAttributeExpression, self._name),
            (ast.LogicExpression, self._logic),
            (ast.UnaryExpression, self._not),
            (ast.ContainsExpression, self._contains),
            (ast.FuzzyComparisonExpression, self._nothing),
            (ast.ComparisonExpression, self._comparison),
            (ast.ArrayExpression, self._list),
            (ast.StringExpression, self._literal),
            (ast.BooleanExpression, self._literal),
            (ast.FloatExpression, self._literal),
            (ast.NullExpression, self._literal),
        )
        read = next((read for kind, read in readers if isinstance(tree, kind)), self._nothing)
        return read(tree)

    def _nothing(self, tree: Any) -> NoReturn:
        raise Wrong(self._here(), "This cannot be used in a condition.", NOTHING_ELSE)

    def _name(self, tree: Any) -> _Part:
        token = self.written[self.next]
        self.next += 1
        name = self.known[self.words[token]]
        self.used.append(name)
        return _Part(name.kind, name.read, token, name)

    def _literal(self, tree: Any) -> _Part:
        value: Any = tree.value
        kind = {str: Kind.TEXT, bool: Kind.YES_NO, Decimal: Kind.NUMBER}.get(type(value))
        if kind is Kind.NUMBER:
            value = int(value) if value == int(value) else float(value)
        return _Part(kind, lambda _v, _m: value, self._here(), None, value, is_constant=True)

    def _here(self) -> int:
        """The number of the last name's token: where a fault of a part without a name shows."""
        return self.written[self.next - 1] if self.next else 0

    def _not(self, tree: Any) -> _Part:
        if tree.type != "not":
            self._nothing(tree)
        part = self._part(tree.right)
        self._want_yes_no(part)
        read = part.read
        return _Part(Kind.YES_NO, lambda v, m: not read(v, m), part.token)

    def _logic(self, tree: Any) -> _Part:
        left, right = self._part(tree.left), self._part(tree.right)
        for part in (left, right):
            self._want_yes_no(part)
        a, b = left.read, right.read
        if tree.type == "and":
            return _Part(Kind.YES_NO, lambda v, m: a(v, m) and b(v, m), left.token)
        return _Part(Kind.YES_NO, lambda v, m: a(v, m) or b(v, m), left.token)

    def _comparison(self, tree: Any) -> _Part:
        sign = tree.type
        left, right = self._part(tree.left), self._part(tree.right)
        token = left.token if left.name else right.token
        kinds = {left.kind, right.kind}
        if left.members or right.members or (Kind.TEXTS in kinds and None not in kinds):
            raise Wrong(token, "A list is not compared.", 'Write "code" in match.labels.')
        if None in kinds:
            if sign not in ("eq", "ne"):
                raise Wrong(token, "null is neither less nor more.", "Write == null or != null.")
        elif left.kind is not right.kind:
            _refuse_kinds(token, left, right)
        elif sign not in ("eq", "ne") and left.kind is not Kind.NUMBER:
            raise Wrong(token, "Only numbers are less or more.", "Write == or != here.")
        self._check_values(left, [right])
        self._check_values(right, [left])
        return _Part(Kind.YES_NO, _compare(sign, left, right), token)

    def _list(self, tree: Any) -> _Part:
        members = []
        for member in tree.value:
            part = self._part(member)
            if not part.is_constant or part.kind not in (Kind.TEXT, Kind.NUMBER):
                raise Wrong(part.token, "A list holds texts or numbers.", 'Write ["a", "b"].')
            members.append(part)
        if len({part.kind for part in members}) != 1:
            raise Wrong(self._here(), "A list holds texts, or numbers, of one kind and not none.")
        values = frozenset(part.constant for part in members)
        return _Part(
            None, lambda _v, _m: values, self._here(), None, values, members=tuple(members)
        )

    def _contains(self, tree: Any) -> _Part:
        member, container = self._part(tree.member), self._part(tree.container)
        token = member.token if member.name else container.token
        kind = container.members[0].kind if container.members else container.kind
        wanted = Kind.TEXT if kind is Kind.TEXTS else kind
        if wanted not in (Kind.TEXT, Kind.NUMBER) or not (container.members or container.name):
            raise Wrong(
                token,
                "Only a list, or a text of the facts, has something in it.",
                'Write name in ["a", "b"].',
            )
        if wanted is Kind.NUMBER and not container.members:
            raise Wrong(token, "Nothing can be in a number.", "Write name in [1, 2].")
        if member.kind is not wanted or member.members:
            _refuse_kinds(token, member, container.members[0] if container.members else container)
        if container.members:
            self._check_values(member, container.members)
        elif kind is Kind.TEXTS:
            self._check_values(container, [member])
        a, b = member.read, container.read

        def read(view: Any, match: Any) -> bool:
            inside, outside = a(view, match), b(view, match)
            return inside is not None and outside is not None and inside in outside

        return _Part(Kind.YES_NO, read, token)

    def _check_values(self, part: _Part, against: Iterable[_Part]) -> None:
        """A value that a name never has would make a rule that never holds."""
        if not part.name or not part.name.values:
            return
        for other in against:
            if other.is_constant and other.kind and other.constant not in part.name.values:
                value = str(other.constant)
                near = get_close_matches(value, part.name.values, 1, CLOSE)
                what = f"{self.words[part.token]} is never {shown(value)}."
                all_values = f"It is one of {', '.join(part.name.values)}."
                raise Wrong(part.token, what, f"Do you mean {near[0]}?" if near else all_values)

    @staticmethod
    def _want_yes_no(part: _Part) -> None:
        if part.kind is not Kind.YES_NO or part.members:
            what = part.kind.words if part.kind else "no fact"
            raise Wrong(part.token, f"This is {what}, not true or false.", "Compare it.")


def _refuse_kinds(token: int, left: _Part, right: _Part) -> NoReturn:
    kinds = [part.kind.words if part.kind else "a list" for part in (left, right)]
    hint = "Texts stand in quotes, numbers do not." if "a number" in kinds else NOTHING_ELSE
    raise Wrong(token, f"This compares {kinds[0]} with {kinds[1]}.", hint)


SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne,
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip


def _compare(sign: str, left: _Part, right: _Part) -> Read:
    """What is not known equals only null, and is neither less nor more than anything."""
    a, b, compare = left.read, right.read, SIGNS[sign]
    if sign in ("eq", "ne"):
        if right.is_constant:
            constant = right.constant
            return lambda v, m: compare(a(v, m), constant)
        return lambda v, m: compare(a(v, m), b(v, m))

    def read(view: Any, match: Any) -> bool:
        x, y = a(view, match), b(view, match)
        return x is not None and y is not None and compare(x, y)

    return read
