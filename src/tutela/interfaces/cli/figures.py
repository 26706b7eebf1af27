"""`tutela figures …`"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tutela.errors import TutelaError
from tutela.estimation import parts, showing, words
from tutela.estimation.account import About, account
from tutela.estimation.errors import BadTable
from tutela.estimation.linkage import carried
from tutela.estimation.overlaps import from_overlaps
from tutela.estimation.reading import read
from tutela.interfaces.cli import output
from tutela.screening.files import open_regular

MOST_BYTES = 500_000_000
"""A row for each of five million people, with some lists, is less."""


def estimate(
    file: Path, about: About, resamples: int, seed: int, page: Path | None, *, as_json: bool
) -> int:
    with _named(file):
        histories = read(_lines(file))
    made = account(histories, about, resamples=resamples, seed=seed)
    if page is not None:
        _write(page, showing.page(made))
    if as_json:
        output.line(showing.record(made))
    else:
        _print(showing.text(made).split("\n"))
    return 0 if made.headline else 1


def overlaps(file: Path, union: int | None, *, as_json: bool) -> int:
    with _named(file):
        made = from_overlaps(*parts.overlaps(_lines(file)), union)
    cautions = [one for one in (made.bias, words.ONE_WAY, *words.CRITICISMS) if one]
    model = [sorted(pair) for pair in made.pairs]
    if as_json:
        output.line({
            "people": made.people, "wald": showing.limits_of(made.interval), "model": model,
            "union": made.union, "cautions": cautions,
        })  # fmt: skip
        return 0
    said = [
        f"{showing.limits(made.interval)} people, of whom {made.union:,} are on a list.",
        f"stepwise: {showing.people(made.people)}",
        f"  model: {showing.model(made.pairs)}",
        "  The limits are Wald's of 95 %, the model taken as known.",
    ]
    _print([*said, "", "What speaks against it:", *(f"- {one}" for one in cautions)])
    return 0


def linkage(records: Path, links: Path, draws: int, seed: int, *, as_json: bool) -> int:
    made = carried(*parts.linked(_lines(records), _lines(links)), draws=draws, seed=seed)
    cautions = [words.ONE_WAY, *words.CRITICISMS]
    if made.failed:
        cautions.insert(0, words.draws_failed(made.failed, draws))
    if as_json:
        output.line({
            "people": showing.number(made.people), "linkage": showing.limits_of(made.linkage),
            "both": showing.limits_of(made.both), "observed": made.likely.observed,
            "lists": dict(sorted(made.likely.sizes.items())), "failed": made.failed,
            "draws": draws, "seed": made.seed, "cautions": cautions,
        })  # fmt: skip
        return 0
    seen = made.likely.observed
    said = [
        f"{showing.limits(made.both)} people; by the likelier links {seen:,} are on a list.",
        f"stepwise, the median of {draws:,} draws of the links: {showing.people(made.people)}",
        f"  from the links alone: {showing.limits(made.linkage)}",
        f"  from the links, and from who came on lists: {showing.limits(made.both)}",
        f"  Limits are of 95 %; seed {made.seed}.",
    ]
    _print([*said, "", "What speaks against it:", *(f"- {one}" for one in cautions)])
    return 0


def _print(lines: list[str]) -> None:
    print("\n".join(map(output.printable, lines)))


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """Says which file is wrong."""
    try:
        yield
    except BadTable as error:
        what = f"{output.printable(file)}: {output.printable(error.what)}"
        raise BadTable(what, error.hint) from None


def _lines(file: Path) -> list[str]:
    name = output.printable(file)
    try:
        with open_regular(file) as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise TutelaError(
            f"{name} cannot be read: {error.strerror or type(error).__name__}.",
            "Name a file that is there.",
        ) from None
    if len(content) > MOST_BYTES:
        raise BadTable(f"longer than {MOST_BYTES:,} bytes.", "Count the histories first.")
    try:
        return content.decode("utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError:
        raise BadTable("not UTF-8.", "Save it as CSV in UTF-8.") from None


def _write(page: Path, content: str) -> None:
    try:
        page.write_text(content, encoding="utf-8")
    except OSError as error:
        raise TutelaError(
            f"{output.printable(page)} cannot be written: {error.strerror}.", "Name another file."
        ) from None
