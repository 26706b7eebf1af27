"""What an account says."""

from __future__ import annotations

from collections.abc import Mapping

BIC = {2: "best by BIC, pairs", 3: "best by BIC, triples too"}

NO_OVERLAP = "No two lists share anybody: nothing tells how many are on none."
NO_MODEL = (
    "No model has an estimate: the lists share too few people, or one lies within another. Combine "
    "lists, or leave one out."
)
NOT_STATED = (
    "Which people these are, where and when, is not stated. A figure that does not say it must not "
    "be published."
)
TWO_LISTS = (
    "Two lists cannot show whether being on one makes it likelier, or less likely, to be on the "
    "other. The estimate takes it that it does not."
)

ONE_WAY = (
    "It is one way of choosing a model, and not the range of those that can be defended: with the "
    "table of histories, that is told by tutela figures estimate."
)
CRITICISMS = (
    "The choice of the model alone can double a figure: on the United Kingdom's table of five "
    "lists it gives 11 thousand or 23 thousand.",
    "Whitehead and others (Journal of Human Trafficking 7:1, 2021) conclude that it is "
    "unsuitable for the number of victims of modern slavery in the United Kingdom.",
    "Binette and Steorts (arXiv 2112.01594) find it biased where the model is wrong, and of "
    "varying consistency.",
    "It counts those who could have come on the lists. Whoever never could is not in the figure.",
    "Tables that pool years, places or kinds of people can be far off: estimate each by itself.",
    "Links that were missed make it too large, false ones too small: by a quarter, where a fifth "
    "of the links is missed.",
    "It is for people, accounts or incidents of one kind, each counted once; never for reports, "
    "whose number is no measure of how many there are.",
)


def interval(level: float) -> str:
    return (
        f"The intervals are nominal: {level:.0%} would hold the truth if the way of choosing were "
        "right. In simulations of those who proposed it, 90 % of such intervals did by the "
        "bootstrap; 61 % of those that take the model best by BIC as known beforehand."
    )


def few_shared(few: Mapping[str, int], least: int) -> str:
    lists = ", ".join(f"{name} ({n})" for name, n in sorted(few.items()))
    return (
        f"Lists that share fewer than {least} people with all others: {lists}. Combine them with "
        "others of their kind."
    )


def far_apart(apart: float, most: float) -> str:
    return (
        f"The models disagree too far: the largest estimate is {apart:.1f} times the smallest, and "
        f"{most} is the limit."
    )


def many_failed(failed: int, of: int) -> str:
    return f"On {failed:,} of {of:,} resamples no model has an estimate: there is no upper limit."


def some_failed(way: str, failed: int) -> str:
    return f"{way}: {failed:,} resamples had no estimate, and count as infinitely many people."


def draws_failed(failed: int, of: int) -> str:
    return f"{failed:,} of {of:,} draws had no estimate, and count as infinitely many people."


def below_chao(low: str, least: str) -> str:
    return (
        f"The range begins at {low}, below Chao's lower bound ({least}). The bound is an estimate "
        "from the same sample, and has an error of its own, which is not shown."
    )


def searched(tried: int) -> str:
    return (
        f"There are too many models of so many lists to fit them all: {tried:,} were, on the way "
        "from independent lists and from the stepwise model to the best of their neighbours."
    )
