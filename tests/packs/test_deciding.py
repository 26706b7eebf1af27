"""What packs say: duties, clocks and receivers follow from rules that hold, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from packs.test_loading import CHILD
from packs.texts import AT, HEAD, KEEP, KNOWN, REPORT, pack, situation, text, when
from tutela.packs import brief, duties, load_all
from tutela.packs.clocks import Term

DAY = date(2026, 11, 26)
HASTE = REPORT.replace("PT24H", "without undue delay")
CONTENT = f"""  - kind: content
    id: office-content
    to: office
    country: IS
    ground: The act names the picture of a bicycle.
{KNOWN}"""
BASIS = f"""  - kind: basis
    id: ground
    of: riding
    grants: yes
    legal_basis: The old act
    until: 2026-06-30
{KNOWN}"""


def said(*rules: str, on: date = DAY, head: str = HEAD, **given):
    return brief(duties([pack(*rules, head=head)], situation(**given), on))


def test_a_rule_that_holds_is_a_duty_with_its_clock():
    found = duties([pack()], situation(), DAY)
    (duty,) = found.duties
    assert (duty.to, duty.must, duty.exact) == ("office", True, True)
    assert duty.due == AT + timedelta(hours=24)
    assert duty.due.tzinfo is UTC
    assert duty.needed == ("platform",)
    assert (duty.why, duty.verified, duty.is_ready) == ("So that it is found.", False, False)


def test_a_duty_says_for_which_facts_it_holds():
    rule = when(REPORT, "{channel: [public, private-message], law: [IS]}")
    (duty,) = duties([pack(rule, KEEP)], situation(channel="public", established="IS"), DAY).duties
    assert duty.because == ("channel: public", "law: IS")


def test_a_rule_that_needs_an_unknown_fact_asks_for_it():
    rule = when(REPORT, "{channel: [public], found_by: [told]}")
    found = duties([pack(rule, KEEP)], situation(found_by="told"), DAY)
    assert not found.duties and not found.keeps
    (ask,) = found.asks
    assert (ask.fact, ask.rules) == ("channel", (("bikes", "office"),))
    assert ask.question == "Where was it posted?"


def test_a_duty_without_its_priority_asks_for_it():
    by_priority = REPORT.replace(
        "PT24H", '\n      "1": immediately\n      "2": PT24H\n      "3": PT72H'
    )
    assert said(by_priority, KEEP) == {"asks": ("priority",)}
    assert said(by_priority, KEEP, priority=3)["duties"] == ("must office by 2026-11-29T10:00:00Z",)
    assert said(by_priority, KEEP, danger=True)["duties"] == (
        "must office by 2026-11-26T10:00:00Z",
    )


def test_what_was_told_already_is_not_told_again_and_its_clock_runs():
    filed = datetime(2026, 11, 27, 12, tzinfo=UTC)
    found = said(reported={"office": filed})
    assert found == {
        "keeps": ("office evidence at least 2027-11-28T00:00:00Z",),
        "refused": ("report office",),
    }


def test_what_another_was_told_is_no_duty_where_the_law_says_so():
    rule = REPORT.replace("    fields", "    unless_reported: [shop]\n    fields")
    assert said(rule, KEEP, reported={"shop": AT}) == {"refused": ("report office",)}
    assert said(rule, KEEP, reported={"town": AT})["duties"]


def test_a_rule_counts_from_its_first_day_to_its_last():
    rule = REPORT.replace("    why", "    from: 2026-11-26\n    until: 2026-11-27\n    why")
    days = [date(2026, 11, day) for day in (25, 26, 27, 28)]
    assert ["duties" in said(rule, KEEP, on=day) for day in days] == [False, True, True, False]


def test_a_pack_that_is_not_in_force_says_only_that():
    head = HEAD.replace("from: 2026-01-01", "from: 2026-01-01\nuntil: 2026-11-26")
    assert said(on=date(2026, 11, 27), head=head) == {"refused": ("pack bikes",)}
    assert said(on=date(2025, 12, 31), head=head) == {"refused": ("pack bikes",)}
    assert "duties" in said(on=DAY, head=head)


def test_a_draft_sets_no_clock_and_chooses_no_recipient():
    found = said(REPORT, KEEP, CONTENT, BASIS, head=HEAD.replace("in-force", "draft"))
    assert found == {
        "drafts": ("bikes/office", "bikes/office-evidence", "bikes/office-content", "bikes/ground"),
    }


def test_a_draft_tells_what_it_would_ask_and_the_outcome_asks_nothing():
    draft = pack(when(REPORT, "{channel: [public]}"), KEEP, head=HEAD.replace("in-force", "draft"))
    found = duties([draft], situation(), DAY)
    assert found.drafts[0].asks == ("channel",)
    assert found.asks == ()
    assert duties([draft], situation(channel="private-storage"), DAY).drafts == ()


def test_files_go_to_who_is_named_and_told_and_to_nobody_else():
    assert "files" not in said(established="IS")
    assert said(REPORT, KEEP, CONTENT, established="IS")["files"] == ("office",)
    told_no_more = when(REPORT, "{channel: [public]}")
    assert "files" not in said(
        told_no_more, KEEP, CONTENT, established="IS", channel="private-storage"
    )


def test_files_leave_a_country_only_on_a_ground_that_the_pack_names():
    found = said(REPORT, KEEP, CONTENT, established="FR")
    assert found["refused"] == ("files office",) and "files" not in found
    leaving = CONTENT.replace("    why", "    leaving: The treaty on bicycles.\n    why")
    (receiver,) = duties([pack(REPORT, KEEP, leaving)], situation(established="FR"), DAY).receivers
    assert receiver.ground == "The treaty on bicycles."


def test_where_a_service_is_must_be_known_before_it_gives_files():
    found = said(REPORT, KEEP, CONTENT)
    assert found["asks"] == ("established",) and "files" not in found


def test_what_had_a_basis_is_refused_after_its_last_day():
    assert said(REPORT, KEEP, BASIS, on=date(2026, 6, 30))["bases"] == ("riding",)
    found = said(REPORT, KEEP, BASIS, on=date(2026, 7, 1))
    assert found["refused"] == ("basis riding",) and "bases" not in found
    new = BASIS.replace("ground", "new").replace("until: 2026-06-30", "from: 2026-07-01")
    found = said(REPORT, KEEP, BASIS, new, on=date(2026, 7, 1))
    assert found["bases"] == ("riding",) and "refused" not in found
    assert said(REPORT, KEEP, new, on=date(2026, 6, 30))["refused"] == ("basis riding",)


def test_what_only_says_what_a_law_leaves_open_is_no_basis_that_could_end():
    rule = BASIS.replace("grants: yes", "grants: no")
    assert "refused" not in said(REPORT, KEEP, rule, on=date(2026, 7, 1))
    assert "bases" not in said(REPORT, KEEP, rule, on=date(2026, 6, 30))


def test_for_what_a_law_only_leaves_open_nobody_is_asked():
    rule = when(BASIS.replace("grants: yes", "grants: no"), "{channel: [public]}")
    assert "asks" not in said(REPORT, KEEP, rule, on=date(2026, 6, 30))


def test_a_maximum_binds_whoever_is_told():
    most = KEEP.replace("at_least", "at_most").replace("filed", "aware")
    nobody = when(REPORT, "{channel: [public]}")
    found = said(nobody, most, channel="private-storage")
    assert found == {"keeps": ("office evidence at most 2027-11-26T00:00:00Z",)}


def test_what_must_go_at_once_has_no_time():
    most = KEEP.replace("at_least: P1Y", "at_most: at-once").replace("filed", "aware")
    assert said(REPORT, most)["keeps"] == ("office evidence at most 2026-11-26T10:00:00Z",)


def test_a_duty_of_which_nothing_says_how_long_keeps_everything():
    found = said(REPORT, when(KEEP, "{channel: [public]}"), channel="private-storage")
    assert found["refused"] == ("deletion office",)


def test_a_removal_counts_from_when_it_was_asked_for():
    rule = f"  - kind: takedown\n    id: poster\n    of: poster\n    term: PT48H\n{KNOWN}"
    asked = datetime(2026, 11, 27, tzinfo=UTC)
    assert said(REPORT, KEEP, rule)["removals"] == ("poster by 2026-11-28T10:00:00Z",)
    assert said(REPORT, KEEP, rule, noticed_at=asked)["removals"] == (
        "poster by 2026-11-29T00:00:00Z",
    )


def test_what_is_reviewed_is_due_a_period_after_it_last_was():
    rule = f"  - kind: review\n    id: brakes\n    of: brakes\n    every: P6M\n{KNOWN}"
    assert said(REPORT, KEEP, rule)["reviews"] == ("brakes every P6M",)
    last = {"brakes": date(2026, 8, 31)}
    assert said(REPORT, KEEP, rule, last_reviews=last)["reviews"] == ("brakes by 2027-02-28",)


def test_where_a_law_has_only_words_the_caller_may_set_itself_a_time():
    own = {"without undue delay": Term.parse("PT72H")}
    (plain,) = duties([pack(HASTE, KEEP)], situation(), DAY).duties
    (set_,) = duties([pack(HASTE, KEEP)], situation(), DAY, targets=own).duties
    assert (plain.due, set_.due) == (AT, AT + timedelta(hours=72))
    assert not plain.exact and not set_.exact and set_.term == "without undue delay"


def test_nobody_gives_itself_more_time_than_a_law():
    (duty,) = duties([pack()], situation(), DAY, targets={"PT24H": Term.parse("PT72H")}).duties
    assert duty.due == AT + timedelta(hours=24)


def test_a_signature_shows_and_an_edit_voids_it():
    signed = {pack().rules[0].digest: "A. Lawyer"}
    (duty,) = duties([pack()], situation(), DAY, signatures=signed).duties
    assert duty.signed == "A. Lawyer" and duty.is_ready
    (edited,) = duties(
        [pack(REPORT.replace("PT24H", "PT25H"), KEEP)], situation(), DAY, signatures=signed
    ).duties
    assert not edited.signed and not edited.is_ready


def test_a_rule_that_several_packs_inherit_counts_once():
    packs = load_all({"bikes.yaml": text(), "north.yaml": text(BASIS, head=CHILD)})
    found = duties(packs, situation(), DAY)
    assert [(one.pack, one.rule) for one in found.duties] == [("bikes", "office")]
    assert len(found.keeps) == 1


def test_what_is_due_first_comes_first_and_duties_before_rights():
    may = REPORT.replace("id: office", "id: may").replace("must: yes", "must: no")
    later = REPORT.replace("id: office", "id: later").replace("to: office", "to: shop")
    keep = KEEP.replace("office", "shop")
    found = duties(
        [pack(later.replace("PT24H", "PT30H"), may, REPORT, KEEP, keep)], situation(), DAY
    )
    assert [one.rule for one in found.duties] == ["office", "may", "later"]


def test_the_same_question_has_the_same_answer():
    given = situation(established="FR", reported={"shop": AT})
    rules = [pack(REPORT, KEEP, CONTENT, BASIS)]
    assert duties(rules, given, DAY) == duties(rules, given, DAY)
