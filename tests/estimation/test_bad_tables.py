"""Tables that say nothing, or not what they should, are refused in a sentence that helps."""

from __future__ import annotations

import pytest

from tutela.estimation import selecting
from tutela.estimation.account import account
from tutela.estimation.errors import BadTable
from tutela.estimation.histories import MOST_LISTS, MOST_PEOPLE, Histories
from tutela.estimation.linkage import Link, carried
from tutela.estimation.models import design
from tutela.estimation.overlaps import from_overlaps
from tutela.estimation.reading import read

GOOD = "A,B,C,count\n1,0,0,400\n0,1,0,300\n0,0,1,200\n1,1,0,60\n1,0,1,40\n0,1,1,30\n1,1,1,9\n"


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("A,B,count\n", "no people"),
        ("A,B,count\n1,0,0\n0,1,0\n", "no people"),
        ("A,count\n1,5\n", "fewer than two lists"),
        ("count\n5\n", "fewer than two lists"),
        ("A,B,count\n1,1,5\n", "fewer than two lists"),  # two that are copies
        ("A,B,count\n1,0,5\n", "fewer than two lists"),  # one of them is empty
        ("A,B,count\n0,0,5\n1,1,2\n", "Line 2 is of people on none"),
        ("A,B\n1,0\n0,0\n", "Line 3 is of people on none"),
        ("A,B,count\n1,0,-5\n", "Line 2: the count is '-5'"),
        ("A,B,count\n1,0,2.5\n", "the count is '2.5'"),
        ("A,B,count\n1,0,1e3\n", "the count is '1e3'"),
        ("A,B,count\n1,0,\n", "the count is empty"),
        ("A,B,count\n1,0,many\n", "the count is 'many'"),
        ("A,B,count\n1,0,²\n", "the count is '²'"),
        ("A,B,count\n1,0,nan\n", "the count is 'nan'"),
        (f"A,B,count\n1,0,{MOST_PEOPLE + 1}\n", "the count is more than"),
        ("A,B,count\n1,0," + "9" * 5000 + "\n", "the count is more than"),
        (f"A,B,count\n1,0,{MOST_PEOPLE}\n0,1,1\n1,1,5\n", "more than 10,000,000,000 people"),
        ("A,B,count\n2,0,5\n", "A is '2', neither 0 nor 1"),
        ("A,B,count\nyes,0,5\n", "A is 'yes'"),
        ("A,B,count\n,0,5\n", "A is empty"),
        ("A,B,count\n1,0\n", "Line 2 has 2 values"),
        ("A,B,count\n1,0,5,5\n", "Line 2 has 4 values"),
        ("A,A,count\n1,0,5\n", "same name"),
        ("A,,count\n1,0,5\n", "no name"),
        ("1,0,1\n0,1,1\n", "first line has numbers"),
        ("A,B,count,Count\n1,0,5,5\n", "two columns count"),
        ("id,A,B\n7,1,0\n7,0,1\n", "Line 3 is of a person who had a row before"),
        ('A,B,count\n1,"0,5\n', "not CSV"),
        (",".join("ABCDEFGHIJKLMNOPQRST") + "\n" + "\n".join(
            ",".join("1" if i == j else "0" for j in range(20)) for i in range(20)
        ), f"There are 20 lists; the limit is {MOST_LISTS}, since each further list doubles"),
        (",".join(f"L{i}" for i in range(90)) + "\n", "90 columns"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(table, said):
    with pytest.raises(BadTable) as caught:
        read(lines(table))
    assert said in caught.value.what
    assert caught.value.hint and caught.value.exit_code == 2


def test_what_can_be_read_is():
    assert read(lines(GOOD)).observed == 1039
    assert read(lines(GOOD.replace(",", ";"))) == read(lines(GOOD))
    assert read(lines(GOOD.replace(",", "\t"))) == read(lines(GOOD))
    assert read(lines(GOOD.replace("\n", "\r\n\r\n"))) == read(lines(GOOD))
    assert read(lines(GOOD + "0,0,0,0\n")) == read(lines(GOOD))


def test_repeated_histories_are_added_and_it_is_said():
    again = read(lines(GOOD.replace("1,0,0,400", "1,0,0,150\n1,0,0,250")))
    assert again.counts == read(lines(GOOD)).counts
    assert any("repeat" in note for note in again.notes)


def test_a_row_for_each_person_is_as_their_counts():
    rows = "A,id,B\n" + "".join(f"1,{i},0\n" for i in range(20))
    rows += "".join(f"0,x{i},1\n" for i in range(30)) + "".join(f"1,y{i},1\n" for i in range(9))
    counted = read(lines("A,B,count\n1,0,20\n0,1,30\n1,1,9\n"))
    assert read(lines(rows)) == counted
    people = [f"p{i}" for i in range(29)], [f"p{i}" for i in range(20, 59)]
    assert Histories.of_lists({"A": people[0], "B": people[1]}) == counted


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("A,B,C,count\n1,0,0,40\n0,1,0,30\n0,0,1,20\n", "No two lists share anybody"),
        ("A,B,count\n1,0,40\n1,1,30\n", "one lies within another"),
        ("A,B,count\n1,0,40\n0,1,20\n", "No two lists share anybody"),
        ("A,B,C,count\n1,0,0,40\n0,1,0,30\n0,0,1,20\n1,1,0,5\n", "share fewer than 10"),
    ],
)
def test_a_table_without_enough_in_it_gets_an_account_without_a_figure(table, said):
    made = account(read(lines(table)), resamples=100)
    assert made.headline is None
    assert any(said in one for one in made.refusals), made.refusals


def test_a_list_within_another_has_an_account():
    table = "A,B,C,count\n1,0,0,400\n0,0,1,200\n1,1,0,60\n1,0,1,40\n1,1,1,12\n"
    made = account(read(lines(table)), resamples=200)
    assert made.headline is None or made.headline[0] >= 712


def test_enormous_counts_are_estimated():
    table = GOOD.replace("\n", "000000\n").replace("count000000", "count")
    small, large = (account(read(lines(one)), resamples=100) for one in (GOOD, table))
    assert large.at_least == pytest.approx(small.at_least * 1e6, rel=0.05)
    assert all(one.people > large.histories.observed for one in large.estimates)


def ring(lists: int) -> Histories:
    counts = {1 << i: 200 for i in range(lists)}
    counts |= {1 << i | 1 << (i + 1) % lists: 12 + i for i in range(lists)}
    counts |= {1 << i | 1 << (i + 3) % lists: 9 for i in range(lists)}
    return Histories.of([f"L{i}" for i in range(lists)], counts)


def test_seven_lists_have_too_many_models_and_the_search_is_told():
    made = account(ring(7), resamples=100)
    assert made.estimates[1].people > 1400 and not made.estimates[1].all
    assert any("too many models" in one for one in made.cautions)


def test_as_many_lists_as_are_allowed_are_estimated():
    found = selecting.stepwise(design(MOST_LISTS, 2), ring(MOST_LISTS).table[None])
    assert 2_000 < found.unseen[0] < 200_000


@pytest.mark.parametrize(
    ("sizes", "overlaps", "union", "said"),
    [
        ({"A": 5}, {}, None, "1 lists"),
        ({"A": 50, "B": 40}, {}, None, "missing"),
        ({"A": 50, "B": 40}, {("A", "B"): 9, ("B", "A"): 8}, None, "given twice"),
        ({"A": 50, "B": 40}, {("A", "B"): 41}, None, "overlap of B and A is 41"),
        ({"A": 50, "B": 0}, {("A", "B"): 0}, None, "size of a list"),
        ({"A": 50, "B": 40}, {("A", "B"): 9}, 91, "cannot have 91"),
        ({"A": 50, "B": 40}, {("A", "B"): 9}, 49, "cannot have 49"),
        ({"A": 9, "B": 9, "C": 9}, dict.fromkeys(
            [("A", "B"), ("A", "C"), ("B", "C")], 8), None, "cannot have 3"),
    ],
)  # fmt: skip
def test_overlaps_that_cannot_be_true_are_refused(sizes, overlaps, union, said):
    with pytest.raises(BadTable) as caught:
        from_overlaps(sizes, overlaps, union)
    assert said in caught.value.what


def test_links_that_cannot_be_are_refused():
    for records, link in (([0, 5], Link(0, 1, 0.5)), ([0, 1], Link(0, 2, 0.5)),
                          ([0, 1], Link(0, 1, 1.5))):  # fmt: skip
        with pytest.raises(BadTable):
            carried(["A", "B"], records, [link])
