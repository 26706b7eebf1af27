"""How complete a report is, and what would help most."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reporting import everything
from tutela.reporting import completeness, setting
from tutela.reporting.completeness import PATHS, TYPED, Field
from tutela.reporting.facts import Capture, Email, File, Incident, Party, Report, Where

NOW = everything.BEGAN


def fields(report: Report) -> dict[str, Field]:
    return {one.name: one for one in completeness.of(report).fields}


def bare(**more: object) -> Report:
    return Report(Incident.CONTACT, NOW, NOW, **more)


def test_a_report_with_everything_lacks_nothing():
    """A hundred percent, and nothing would help more."""
    whole = everything.report()
    reported = replace(whole.files[0], supplemental=False)
    found = completeness.of(replace(whole, files=(reported,)))
    assert [one.name for one in found.fields if not one.held] == []
    assert (found.score, found.most) == (100, None)


def test_a_report_with_nothing_is_not_worth_nothing():
    """What every report has counts; who it is about would help most."""
    found = completeness.of(bare())
    assert 0 < found.score < 20 and found.most.name == "subject"


def test_each_thing_that_is_added_raises_the_score():
    """And the next that would help most is another."""
    found, scores, said = bare(), [], []
    for more in (
        {"subject": Party(account=replace(Party().account, id="rider"))},
        {"subject": Party(account=replace(Party().account, id="rider"),
                          captures=(Capture("192.0.2.1", at=NOW, port=7),))},
        {"subject": Party(account=replace(Party().account, id="rider"),
                          captures=(Capture("192.0.2.1", at=NOW, port=7),),
                          emails=(Email("a@example.org", verified=True),))},
    ):  # fmt: skip
        scores.append(completeness.of(found).score)
        said.append(completeness.of(found).most.name)
        found = replace(found, **more)
    scores.append(completeness.of(found).score)
    assert scores == sorted(scores) and len(set(scores)) == len(scores)
    assert said == ["subject", "ip", "email"]


YES_NO = ("subject.emails.0.verified", "files.0.public")


def test_each_field_that_can_be_typed_names_a_place_that_there_is():
    """And what no path is named of comes from records, or is a paper."""
    content = everything.report().to_json()
    for name, path in PATHS.items():
        value = "{}" if path.endswith(".0") else "1"
        setting.put(content, path, "yes" if path in YES_NO else value)
        assert fields(bare()).get(name) is None or fields(bare())[name].path == path
    unnamed = set(completeness.NAMES) - PATHS.keys()
    assert unnamed == {"files", "files.viewed", "files.hashes", "files.grades"}


def test_what_is_wanted_of_a_childs_own_account_is_set_of_the_child():
    found = fields(bare(victims=(Party(account=replace(Party().account, id="kid")),)))
    assert found["email"].path == "victims.0.emails.0.address"


def test_what_only_a_person_typed_is_held_and_says_so():
    """One that was recorded beside it is enough to say nothing."""
    typed, recorded = Capture("192.0.2.1", at=NOW, typed=True), Capture("192.0.2.2")
    party = Party(captures=(typed,))
    found = fields(bare(subject=party))
    assert found["ip"].held and found["ip"].reason == TYPED == found["ip.at"].reason
    found = fields(bare(subject=replace(party, captures=(typed, recorded))))
    assert (found["ip"].reason, found["ip.at"].reason) == ("", TYPED)


def test_a_reason_is_shown_and_what_has_one_is_not_asked_for_again():
    """It is still not held: the score is as before."""
    with_reason = bare(reasons=(("subject", "The platform has no accounts."),))
    found = completeness.of(with_reason)
    assert fields(with_reason)["subject"].reason == "The platform has no accounts."
    assert found.most.name != "subject" and found.score == completeness.of(bare()).score


def test_of_a_report_without_files_nothing_is_asked_of_them():
    """Nor is what was said, where it is about files."""
    assert not any(name.startswith("files") for name in fields(bare()))
    media = Report(Incident.MEDIA, NOW, NOW, files=(File("ev_1"),))
    assert "files.viewed" in fields(media) and "content" not in fields(media)


def test_a_file_that_one_did_not_see_is_not_viewed():
    """Each is asked for; a log of a conversation is not."""
    seen = everything.report().files[0]
    seen = replace(seen, supplemental=False)
    report = Report(Incident.MEDIA, NOW, NOW, files=(seen,))
    assert fields(report)["files.viewed"].held
    assert not fields(replace(report, files=(seen, File("ev_2"))))["files.viewed"].held
    log = File("ev_2", supplemental=True)
    assert fields(replace(report, files=(seen, log)))["files.viewed"].held


def test_what_is_not_enclosed_is_not_held():
    """Though its facts are told."""
    report = Report(Incident.MEDIA, NOW, NOW, files=(File("", hashes=(("md5", "0"),)),))
    assert not fields(report)["files"].held and fields(report)["files.hashes"].held


def test_of_a_childs_own_account_the_child_is_whom_it_is_about():
    """The fields are those of the victim."""
    child = Party(emails=(Email("child@example.org"),), age=9)
    found = fields(bare(victims=(child,)))
    assert found["email"].held and found["victims"].held


@pytest.mark.parametrize("where", [Where("chat", content="Rain?"), Where("web", more="Rain?")])
def test_words_are_what_a_contact_is_about(where: Where):
    """They weigh as much as an address."""
    assert not fields(bare())["content"].held
    assert fields(bare(where=(where,)))["content"].held


def test_names_and_titles_differ():
    """A reason is kept by the name."""
    assert len(set(completeness.NAMES)) == len(completeness.NAMES)
    assert len({one[1] for one in completeness.WANTED}) == len(completeness.WANTED)
