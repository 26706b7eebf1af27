"""The machine against a model of the authority: whatever is lost, at most one report is filed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.cybertipline.modelled import FAULTS, LOST, MD5, PAPER, Driver, Model
from tutela.reporting.authorities import Answer, Call, Enclosure, End, Ended, Lost, Paper, Wait
from tutela.reporting.cybertipline import machine
from tutela.reporting.cybertipline.machine import Phase
from tutela.reporting.errors import CannotWithdraw

DEATHS = ("", "", "", "before", "after")
CHAOS = st.lists(
    st.tuples(
        st.sampled_from(FAULTS), st.sampled_from(DEATHS),
        st.sampled_from([0, 0, 0, 1, 40, 130, 1500]),
        st.sampled_from(["", "", "", "", "ghost", "withdraw"]),
    ),
    max_size=40,
)  # fmt: skip


@pytest.fixture
def driver() -> Driver:
    return Driver(Model())


def test_a_report_with_three_files_is_filed_by_eight_calls(driver):
    """Nothing goes wrong: each thing is asked for once."""
    assert driver.run() == Ended(End.FILED)
    assert driver.model.calls == ["submit", *["upload", "fileinfo"] * 3, "finish"]
    receipt = machine.receipt(driver.state, driver.model.now)
    assert [receipt.id] == driver.model.finished and receipt.opened == 1
    assert [evidence for evidence, _ in receipt.files] == [*MD5]
    assert receipt.at == driver.model.now


@settings(max_examples=250, deadline=None)
@given(CHAOS)
def test_whatever_happens_one_report_is_filed_and_no_unknown_one(chaos):
    """Any answers, losses, deaths, pauses, and calls of a worker that was left behind."""
    driver, ghosts, withdrawn = Driver(Model()), [], False
    for fault, death, minutes, more in chaos:
        driver.model.now += timedelta(minutes=minutes)
        found = driver.step(fault, death)
        if isinstance(found, Call):
            ghosts.append(found)
        if isinstance(found, Ended) and found.end is End.HALTED:
            driver.keep(machine.again(driver.state, driver.model.now))
        if more == "withdraw" and driver.read.end != End.FILED:
            withdrawn = True
            driver.keep(machine.withdraw(driver.state, driver.model.now))
        if more == "ghost" and ghosts:
            driver.model.answer(ghosts.pop())  # its worker's state is fenced: nobody hears of it
        assert len(driver.model.finished) <= 1
        known = driver.read.end == End.FILED or machine.may_be_filed(driver.state)
        assert known or not driver.model.finished, "who reads this state may edit the report"
        assert not driver.left_open, "another is begun only once the one before is gone"
    found = driver.run()
    for ghost in ghosts:
        if ghost.name != "submit":
            driver.model.answer(ghost)
    finished = driver.model.finished
    assert set(finished) <= driver.known
    if found.end is End.FILED:
        assert finished == [machine.remote(driver.state)]
    else:
        assert withdrawn and not finished


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(FAULTS), max_size=60))
def test_a_filed_report_has_each_file_unless_its_answers_never_came(faults):
    """A file is there twice only after its outcome was unknown as often as is borne."""
    driver = Driver(Model())
    assert driver.run(faults).end is End.FILED
    report = driver.model.reports[driver.model.finished[0]]
    assert set(report.files.values()) == set(MD5)
    if len(report.files) > len(MD5):
        assert sum(fault in LOST or fault == "wrong-md5" for fault in faults) > 1


@pytest.mark.parametrize("call", range(8))
@pytest.mark.parametrize("fault", [*LOST, "503", "1000"])
def test_each_call_can_be_lost_in_each_way(driver, call, fault):
    """One fault at one call, and it is filed in the end, once."""
    assert driver.run([""] * call + [fault]).end is End.FILED
    assert len(driver.model.finished) == 1
    report = driver.model.reports[driver.model.finished[0]]
    assert sorted(report.files.values()) == sorted(MD5) and len(report.described) == 3


@pytest.mark.parametrize("death", ["before", "after"])
@pytest.mark.parametrize("call", range(8))
def test_whoever_sends_can_die_at_each_call(driver, call, death):
    """The next one files it, once, with each file once."""
    for _ in range(call):
        driver.step()
    driver.step(death=death)
    assert driver.run().end is End.FILED
    report = driver.model.reports[driver.model.finished[0]]
    assert sorted(report.files.values()) == sorted(MD5) and len(report.described) == 3


def test_a_report_of_unknown_id_is_left_to_expire(driver):
    """Its id was lost with the answer: another is opened, and only that is finished."""
    driver.step("done-and-lost")
    driver.run()
    orphan, filed = driver.model.reports
    assert driver.model.reports[orphan].state == "open" and driver.model.finished == [filed]
    assert machine.receipt(driver.state, driver.model.now).opened == 1


def test_an_upload_of_unknown_outcome_begins_the_report_again_three_times(driver):
    """Then it goes on in the same report, though the file may be there twice."""
    for _ in range(3):
        driver.step()
        driver.step("done-and-lost")
        assert isinstance(machine.next(driver.state, PAPER, driver.model.now), Call)
        assert machine.next(driver.state, PAPER, driver.model.now).name == "retract"
        driver.step()
    driver.step()
    driver.step("done-and-lost")
    assert machine.next(driver.state, PAPER, driver.model.now).name == "upload"
    assert driver.run().end is End.FILED
    assert sorted(one.state for one in driver.model.reports.values()) == [
        "finished", "retracted", "retracted", "retracted",
    ]  # fmt: skip


def test_what_arrived_as_another_file_is_sent_anew_and_halts_at_the_third_time(driver):
    """The MD5 of the answer is compared."""
    for _ in range(3):
        driver.step()
        driver.step("wrong-md5")
        driver.step()
    found = machine.next(driver.state, PAPER, driver.model.now)
    assert isinstance(found, Ended) and found.end is End.HALTED and "MD5" in found.why
    assert not driver.model.finished
    assert driver.run().end is End.FILED, "a person said: again"


@pytest.mark.parametrize("minutes, calls", [(29, ["upload"]), (31, ["retract", "submit"])])
def test_what_lay_for_too_long_is_begun_again(driver, minutes, calls):
    """Before the authority takes it away on its own."""
    driver.step()
    driver.model.now += timedelta(minutes=minutes)
    for name in calls:
        assert machine.next(driver.state, PAPER, driver.model.now).name == name
        driver.step()


def test_who_asked_to_finish_asks_again_however_long_it_lay(driver):
    """Whether it was filed only that tells; 5102 says that it was."""
    for _ in range(7):
        driver.step()
    driver.step("done-and-lost")
    driver.model.now += timedelta(days=3)
    assert machine.next(driver.state, PAPER, driver.model.now).name == "finish"
    assert driver.run() == Ended(End.FILED)
    assert len(driver.model.reports) == 1


def test_a_report_that_expired_before_it_was_finished_is_begun_again(driver):
    """5001 says that it is gone, unfiled."""
    for _ in range(7):
        driver.step()
    driver.step("lost")
    driver.model.now += timedelta(days=3)
    assert driver.run() == Ended(End.FILED)
    assert [one.state for one in driver.model.reports.values()] == ["expired", "finished"]


@pytest.mark.parametrize("fault", ["401", "2000", "3100"])
@pytest.mark.parametrize("call", range(8))
def test_refused_credentials_halt_it_and_it_goes_on_where_it_was(driver, call, fault):
    """Nothing of what was done is done again."""
    for _ in range(call):
        driver.step()
    driver.step(fault)
    found = machine.next(driver.state, PAPER, driver.model.now)
    assert isinstance(found, Ended) and found.credentials and found.end is End.HALTED
    driver.keep(machine.again(driver.state, driver.model.now))
    assert driver.run() == Ended(End.FILED)
    assert len(driver.model.reports) == 1 and len(driver.model.calls) == 9


@pytest.mark.parametrize("fault", ["4100", "7777"])
@pytest.mark.parametrize("call", [0, 1, 2, 7])
def test_a_refused_paper_and_an_unknown_code_halt_it(driver, call, fault):
    """With the code, for a person; then what is open is taken back first."""
    for _ in range(call):
        driver.step()
    driver.step(fault)
    found = machine.next(driver.state, PAPER, driver.model.now)
    assert isinstance(found, Ended) and found.end is End.HALTED and not found.credentials
    assert fault in found.why
    driver.keep(machine.again(driver.state, driver.model.now))
    asks = fault == "7777" and call == 7
    assert machine.next(driver.state, PAPER, driver.model.now).name == (
        "finish" if asks else "retract" if call else "submit"
    )
    assert driver.run() == Ended(End.FILED)


def test_details_that_may_have_arrived_do_not_halt_it_when_they_are_refused(driver):
    """The authority takes details of a file once: the second time is begun anew."""
    driver.step()
    driver.step()
    driver.step("done-and-lost")
    assert driver.run() == Ended(End.FILED)
    assert driver.read.restarts == 1


def test_details_lost_again_and_again_count_as_arrived_in_the_end(driver):
    """After as many reports as are borne, a refusal of them means that they are there."""
    assert driver.run(["", "", "done-and-lost", "", ""] * 4).end is End.FILED
    report = driver.model.reports[driver.model.finished[0]]
    assert len(report.described) == 3 and driver.read.restarts == 3


def test_a_file_that_is_gone_is_skipped():
    """Also one that was sent and went before its details did."""
    first, second, third = PAPER.enclosures
    paper = Paper(b"<report/>", (first, Enclosure("", second.name, missing="purged"), third))
    driver = Driver(Model(), paper)
    assert driver.run() == Ended(End.FILED)
    assert driver.model.calls == ["submit", *["upload", "fileinfo"] * 2, "finish"]
    late = Driver(Model())
    late.step()
    late.step()
    late.paper = Paper(b"<report/>", (Enclosure("", first.name, missing="purged"), second))
    assert late.run() == Ended(End.FILED)
    assert late.model.calls == ["submit", "upload", "upload", "fileinfo", "finish"]


def test_a_report_that_keeps_vanishing_there_is_not_begun_without_a_pause(driver):
    """Else one that the authority drops at once would be begun thousands of times."""
    waits = []
    for _ in range(5):
        driver.step()
        for one in driver.model.reports.values():
            one.state = "expired"
        waits.append(driver.step())
    assert [isinstance(wait, Wait) for wait in waits] == [False] * 3 + [True] * 2


@pytest.mark.parametrize(
    "fault, down, seconds",
    [
        ("never-sent", True, 0), ("lost", True, 0), ("503", True, 7), ("429", True, 7),
        ("502", True, 0), ("garbage", False, 0), ("1000", False, 0), ("1111", False, 0),
    ],
)  # fmt: skip
def test_what_passes_by_itself_is_waited_for(driver, fault, down, seconds):
    """With what the other side asked for, and whether all of it seems to be down."""
    wait = driver.step(fault)
    assert isinstance(wait, Wait) and wait.why
    assert (wait.down, wait.seconds) == (down, seconds)


@pytest.mark.parametrize(
    "said, seconds",
    [
        ("120", 120), ("999999999999", 3600), ("Thu, 01 May 2031 12:05:00 GMT", 300),
        ("Thu, 01 May 2031 11:00:00 GMT", 0), ("soon", 0), ("", 0), ("-5", 0), ("١٢", 0),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_as_a_time(driver, said, seconds):
    """For an hour at most; what cannot be read asks for nothing."""
    found = machine.next(driver.state, PAPER, driver.model.now)
    answer = Answer(503, {"retry-after": said}, b"")
    _, wait = machine.after(driver.state, found, answer, driver.model.now)
    assert wait is not None and wait.seconds == seconds


def test_what_is_not_open_there_is_withdrawn_at_once(driver):
    """No call is needed; what was lost expires."""
    driver.keep(machine.withdraw(driver.state, driver.model.now))
    assert driver.run() == Ended(End.WITHDRAWN) and not driver.model.calls


@pytest.mark.parametrize("calls", range(1, 8))
def test_what_is_open_there_is_taken_back(driver, calls):
    """Whatever was sent of it."""
    for _ in range(calls):
        driver.step()
    driver.keep(machine.withdraw(driver.state, driver.model.now))
    assert driver.run() == Ended(End.WITHDRAWN)
    assert [one.state for one in driver.model.reports.values()] == ["retracted"]


def test_what_turns_out_to_be_filed_is_not_withdrawn(driver):
    """The answer to `finish` was lost: the attempt to take it back tells."""
    for _ in range(7):
        driver.step()
    driver.step("done-and-lost")
    driver.keep(machine.withdraw(driver.state, driver.model.now))
    assert driver.run() == Ended(End.FILED)
    with pytest.raises(CannotWithdraw, match=r"filed this report as 9007199254740992"):
        machine.withdraw(driver.state, driver.model.now)


def test_what_is_taken_back_counts_as_gone_only_when_that_was_said(driver):
    """Its answer was lost: it is asked for again before anything else is begun."""
    for _ in range(2):
        driver.step()
    driver.model.now += timedelta(hours=2)
    driver.step("lost")
    assert machine.next(driver.state, PAPER, driver.model.now).name == "retract"
    assert driver.run() == Ended(End.FILED)
    assert sorted(one.state for one in driver.model.reports.values()) == ["finished", "retracted"]


def test_only_what_was_asked_to_finish_may_be_filed(driver):
    """Until the authority says that it is, or that it is not."""
    for _ in range(7):
        driver.step()
        assert not machine.may_be_filed(driver.state)
    driver.step("done-and-lost")
    assert machine.may_be_filed(driver.state)
    driver.step("7777")
    assert machine.may_be_filed(driver.state) and driver.read.end == End.HALTED
    driver.keep(machine.again(driver.state, driver.model.now))
    assert driver.run() == Ended(End.FILED) and not machine.may_be_filed(driver.state)
    assert driver.model.calls[-3:] == ["finish"] * 3


@pytest.mark.parametrize("fault", ["4100", "gone"])
def test_what_was_refused_or_is_gone_is_not_filed(driver, fault):
    """It can be changed again."""
    for _ in range(7):
        driver.step()
    driver.step("lost")
    assert machine.may_be_filed(driver.state)
    if fault == "gone":
        driver.model.now += timedelta(days=2)
        fault = ""
    driver.step(fault)
    assert not machine.may_be_filed(driver.state) and not driver.model.finished


def test_what_may_be_filed_and_is_wanted_back_is_taken_back_again(driver):
    """Also after that halted: to finish it would be to file what nobody wants."""
    for _ in range(7):
        driver.step()
    driver.step("lost")
    driver.keep(machine.withdraw(driver.state, driver.model.now))
    driver.step("7777")
    assert machine.may_be_filed(driver.state)
    driver.keep(machine.again(driver.state, driver.model.now))
    assert driver.run() == Ended(End.WITHDRAWN) and not driver.model.finished


def test_only_reports_of_which_an_id_came_back_count_as_begun(driver):
    """Not those that never reached it."""
    for fault in ("never-sent", "never-sent", "503", "lost"):
        driver.step(fault)
    assert driver.run() == Ended(End.FILED)
    assert machine.receipt(driver.state, driver.model.now).opened == 1


def test_next_changes_nothing(driver):
    """It may be asked any number of times."""
    driver.step()
    state = driver.state
    asked = {repr(machine.next(state, PAPER, driver.model.now)) for _ in range(3)}
    assert len(asked) == 1 and driver.state == state


def test_a_state_has_neither_content_nor_names(driver):
    """It is a row of the database."""
    driver.run()
    assert "bicycle" not in driver.state and "Said" not in driver.state


def test_the_phase_is_that_of_the_call_that_was_written_down(driver):
    """A state that was read while a call was made says which."""
    found = machine.next(driver.state, PAPER, driver.model.now)
    during = machine.Progress.of(machine.calling(driver.state, found, driver.model.now))
    assert (during.phase, during.unsure, during.opened) == (Phase.OPENING, True, 0)


def test_a_call_that_never_left_is_simply_made_again(driver):
    """Nothing can have come of it: no report is begun anew."""
    driver.step()
    found = machine.next(driver.state, PAPER, driver.model.now)
    during = machine.calling(driver.state, found, driver.model.now)
    state, wait = machine.after(during, found, Lost("No.", sent=False), driver.model.now)
    assert wait is not None and machine.next(state, PAPER, driver.model.now) == found
