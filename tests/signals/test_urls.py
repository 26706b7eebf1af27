"""Addresses and words come into one form, and what an item could be listed by is found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.signals import SignalError, urls
from tutela.signals.registry import signal_type
from tutela.signals.urls import Keyer

KEYER = Keyer(lambda: b"k" * 32)
LABELS = st.text("abz09-_ÄßЖ自", min_size=1, max_size=8)
HOSTS = st.builds(".".join, st.lists(LABELS, min_size=1, max_size=4))
PATHS = st.text("/.aZ%20~é?&=#:@[]|\\ü", max_size=40)
ADDRESSES = st.builds(
    lambda scheme, user, host, port, path: f"{scheme}{user}{host}{port}/{path}",
    st.sampled_from(("", "//", "http://", "HTTPS://")), st.sampled_from(("", "me@", "a:b@")),
    HOSTS, st.sampled_from(("", ":80", ":443", ":8080", ":")), PATHS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("http://Bicycles.Example/", "bicycles.example/"),
        ("https://bicycles.example", "bicycles.example/"),
        ("bicycles.example:443/a#red", "bicycles.example/a"),
        ("http://me:word@bicycles.example:8080/a", "bicycles.example:8080/a"),
        ("http://bicycles.example./%7Ered/%2f%c3%a9", "bicycles.example/~red/%2F%C3%A9"),
        ("http://bicycles.example/a/../b/./c/..", "bicycles.example/b/"),
        ("http://bicycles.example/a/%2e%2e/b", "bicycles.example/b"),
        ("http://bicycles.example/é?x=%41&y", "bicycles.example/%C3%A9?x=A&y"),
        ("http://bücher.example/50%", "xn--bcher-kva.example/50%25"),
        ("http:\\\\bicycles.example\\a", "bicycles.example/a"),
        ("http://[2001:DB8::0:1]/a", "[2001:db8::1]/a"),
        ("http://bicycles.example?", "bicycles.example/"),
        ("http://bicycles。example/", "bicycles.example/"),
        ("http://bicycles.example/a?u=http://other.example/#b", "bicycles.example/a?u=http://other.example/"),
    ],
)  # fmt: skip
def test_what_means_the_same_has_one_form(written, form):
    assert urls.exact(written) == form


@pytest.mark.parametrize(
    "wrong",
    ["", "  ", "mailto:rain@weather.example", "ftp://weather.example/", "http:weather.example",
     "http:///", "http://a b.example/", "http://x..example/", "http://x.example:99999/",
     "http://[::1/", "http://x.example:8o/", "http://" + "a" * 64 + ".example/", "\x00",
     "x.example/" + "a" * 8192],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_its_text(wrong):
    with pytest.raises(SignalError) as refused:
        urls.exact(wrong)
    assert len(wrong) < 3 or wrong.strip() not in str(refused.value)


@given(ADDRESSES)
def test_the_one_form_is_its_own_form(text):
    try:
        made = urls.exact(text)
    except SignalError:
        return
    assert urls.exact(made) == made
    assert urls.exact(f"https://{made}") == made
    assert made.isascii() and "#" not in made


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text):
    urls.candidates(text)
    for form in urls.FORMS.values():
        try:
            assert form(form(text)) == form(text)
        except SignalError:
            continue


@given(ADDRESSES, st.data())
@settings(max_examples=200)
def test_an_item_is_found_by_each_entry_that_means_it_and_by_no_other(text, data):
    try:
        item = urls.Address(text)
    except SignalError:
        assert urls.candidates(text) == []
        return
    found = set(urls.candidates(text))
    assert ("url", str(item)) in found
    segments = urls._segments(item.path)
    count = data.draw(st.integers(0, min(len(segments), urls.MOST_SEGMENTS)))
    begin = "/".join((item.authority, *segments[:count]))
    assert ("url-prefix", urls.prefix(begin)) in found
    assert ("url-prefix", urls.prefix(begin) + "x") not in found  # only whole segments
    labels = item.host.split(".")
    if len(labels) > 1 and not urls._is_ip(item.host):
        at = data.draw(st.integers(0, len(labels) - 2))
        assert ("url-host", urls.host(".".join(labels[at:]))) in found
        assert ("url-host", "x" + item.host) not in found
    assert not any(kind == "url-host" and "." not in one for kind, one in found)


def test_the_candidates_of_any_address_are_few():
    long = "http://" + "a." * 120 + "example/" + "b/" * 5000
    assert len(urls.candidates(long)) <= 2 + urls.MOST_SEGMENTS + 127


def test_a_prefix_takes_no_query_and_no_more_segments_than_are_looked_for():
    assert urls.prefix("http://x.example/a/b/") == "x.example/a/b"
    for wrong in ("http://x.example/a?b=c", "x.example/" + "a/" * 33):
        with pytest.raises(SignalError):
            urls.prefix(wrong)


def test_a_host_is_no_top_level_domain_and_has_no_path():
    assert urls.host("*.Weather.example") == "weather.example"
    assert urls.host("http://weather.example/") == "weather.example"
    assert urls.host("2001:db8::1") == "2001:db8::1"
    for wrong in ("example", "weather.example/rain", "weather.example:8080"):
        with pytest.raises(SignalError):
            urls.host(wrong)


def test_an_address_in_numbers_is_listed_by_itself_alone():
    hosts = [one for kind, one in urls.candidates("http://192.0.2.7/rain") if kind == "url-host"]
    assert hosts == ["192.0.2.7"]


@pytest.mark.parametrize(
    ("listed", "text"),
    [
        ("red bicycle", "A RED, bicycle!"),
        ("Straße", "the STRASSE is wet"),
        ("\uff52\uff41\uff49\uff4e", "rain"),
        ("自転車", "赤い自転車です"),
        ("rain", "ra\u200bin"),
        ("cafe\u0301", "a caf\u00e9"),
    ],
)
def test_words_are_found_whatever_their_case_width_and_signs(listed, text):
    assert ("keyword", urls.keyword(listed)) in urls.phrases(text)


def test_words_are_found_whole():
    assert ("keyword", urls.keyword("rain")) not in urls.phrases("training in the brain")


@pytest.mark.parametrize("wrong", ["", "!?", "one two three four five six"])
def test_what_is_no_keyword_is_refused(wrong):
    with pytest.raises(SignalError):
        urls.keyword(wrong)


@given(st.text(max_size=80))
def test_words_have_one_form(text):
    made = " ".join(urls.words(text))
    assert " ".join(urls.words(made)) == made


def test_a_value_is_keyed_by_its_kind_and_the_installation():
    kinds = [signal_type(name) for name in ("url", "url-prefix")]
    made = {kind.keyed("weather.example/rain", KEYER) for kind in kinds}
    other = kinds[0].keyed("weather.example/rain", Keyer(lambda: b"o" * 32))
    assert len(made) == 2 and other not in made
    value = kinds[0].keyed("HTTPS://weather.example/rain#now", KEYER)
    assert value in made
    assert kinds[0].keyed(value, KEYER) == value  # what is keyed stays
    with pytest.raises(SignalError):
        kinds[0].keyed("weather.example/rain", None)
