"""The contract test of an authority. Subclass it in a test module of your own; pytest runs what it
inherits. It talks to nobody: what the other side answers, the test says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tutela.reporting.authorities import (
    Answer,
    Authority,
    Call,
    End,
    Ended,
    Environment,
    Lost,
    Paper,
    Wait,
)
from tutela.reporting.facts import (
    Account,
    Capture,
    Email,
    File,
    Incident,
    Moment,
    Party,
    Report,
    Reporter,
    Seen,
    Where,
)

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
MOST = 200
"""Steps within which a machine rests, however its calls end."""

ODD = ("\x00\x07\ud800", "\u202eright to left", "🚲" * 50, "rain " * 20_000, " ", "]]>&<{}%s")
CONTENT = "a bicycle of which no state may tell"


def report(text: str = CONTENT) -> Report:
    """About bicycles, with a file and a person."""
    return Report(
        Incident.MEDIA, NOW - timedelta(hours=1), NOW, platform="Bikes", text=text,
        where=(Where("web", urls=("https://bikes.example/7",)),),
        subject=Party(
            Account("Bikes", "rider-12", "rider"), emails=(Email("rider@example.org"),),
            captures=(Capture("192.0.2.7", Moment.UPLOAD, NOW - timedelta(hours=1), 51515),),
        ),
        files=(File(
            "ev_bicycle", "itm_bicycle", "bicycle.jpg", size=700, hashes=(("md5", "0" * 32),),
            seen=(Seen("person:ann", NOW, "original", True, 3.0),),
        ),),
        found_by="A user of the service reported it.",
    )  # fmt: skip


class AuthorityContract:
    """Set `authority` to an instance of the module under test, and `reporter` to whoever it takes a
    report from. `filed(call)`: what the other side answers to a call when all is well."""

    authority: Authority
    reporter = Reporter("Tess", "Sato", "trust@example.org", "+1 555 0100")
    incidents = tuple(Incident)
    """Those that it is told of."""

    def filed(self, call: Call) -> Answer:
        """The answer to a call when all is well: to be written for each authority."""
        raise NotImplementedError

    def ready(self, what: Report) -> Report:
        """A report with what this authority asks of people besides: to be written where it does."""
        return what

    def paper(self, what: Report | None = None) -> Paper:
        return self.authority.draft(what or self.ready(report()), self.reporter)

    def driven(self, state: str, answer: Iterator[Answer | Lost | None] | None = None) -> str:
        """The state in which it rests. Without answers all is well."""
        paper, now = self.paper(), NOW
        for _ in range(MOST):
            step = self.authority.next(state, paper, now)
            if isinstance(step, Ended):
                return state
            now += timedelta(seconds=1)
            if isinstance(step, Wait):
                now += timedelta(seconds=step.seconds)
                continue
            state = self.authority.calling(state, step, now)
            came = next(answer, None) if answer is not None else None
            state, _wait = self.authority.after(state, step, came or self.filed(step), now)
        raise AssertionError(f"it does not rest within {MOST} steps")

    def end(self, state: str) -> Ended:
        found = self.authority.next(state, self.paper(), NOW)
        assert isinstance(found, Ended)
        return found

    def test_it_says_who_and_where_it_is(self) -> None:
        name = self.authority.name
        assert name == name.lower() and name.isascii() and name.isalnum() and len(name) <= 32
        assert self.authority.title
        assert set(self.authority.addresses) == set(Environment)
        addresses = list(self.authority.addresses.values())
        assert len(set(addresses)) == len(addresses), "test is production"
        for one in addresses:
            assert one.startswith("https://") and not one.endswith("/")
        assert (
            self.authority.own_schema == "" or len(bytes.fromhex(self.authority.own_schema)) == 32
        )

    def test_it_says_whether_it_knows_us(self) -> None:
        """Or that it cannot be asked."""
        call = self.authority.status_call
        if call is None:
            assert isinstance(self.authority.welcomed(Answer(200, {}, b"")), Wait)
            return
        assert self.authority.welcomed(self.filed(call)) is None
        refused = self.authority.welcomed(Answer(401, {}, b""))
        assert isinstance(refused, Ended)
        assert refused.credentials

    def test_its_choices_are_of_our_codes(self) -> None:
        chosen = self.authority.choices()
        assert set(chosen["incident"]) <= {str(one) for one in Incident}
        assert {str(one) for one in self.incidents} <= set(chosen["incident"])
        assert all(words and all(words.values()) for words in chosen.values())

    def test_the_same_report_makes_the_same_paper(self) -> None:
        assert self.paper() == self.paper()
        again = Report.from_json(self.ready(report()).to_json())
        assert self.authority.draft(again, self.reporter) == self.paper()

    def test_a_good_report_has_no_fault(self) -> None:
        for incident in self.incidents:
            what = self.ready(replace(report(), incident=incident))
            assert not self.authority.check(what, self.reporter)

    def test_a_report_without_a_file_can_be_made(self) -> None:
        bare = replace(report(), files=(), subject=None, where=(), incident=self.incidents[-1])
        assert not self.authority.check(self.ready(bare), self.reporter)
        assert not self.paper(bare).enclosures

    def test_a_report_of_nobody_has_a_fault(self) -> None:
        assert self.authority.check(self.ready(report()), Reporter())

    def test_odd_texts_make_a_paper(self) -> None:
        for text in ODD:
            odd = replace(
                report(text), danger=text, platform=text, found_by=text,
                subject=replace(report().subject or Party(), more=text, first_name=text),
            )  # fmt: skip
            assert self.paper(odd).body

    def test_what_is_cut_is_named(self) -> None:
        assert any(one.count for one in self.paper(report("rain " * 20_000)).cuts)

    def test_enclosures_are_those_of_the_report(self) -> None:
        (one,) = self.paper().enclosures
        assert (one.evidence, one.size) == ("ev_bicycle", 700) and one.name and not one.missing
        gone = replace(report(), files=(replace(report().files[0], evidence=""),))
        for left in self.paper(gone).enclosures:
            assert left.evidence == "" and left.missing

    def test_no_name_of_staff_goes_out(self) -> None:
        paper = self.paper()
        for document in (paper.body, *(one.details for one in paper.enclosures)):
            assert b"person:ann" not in document

    def test_it_files_a_report_and_gives_a_receipt(self) -> None:
        state = self.driven(self.authority.submit(report(), self.reporter))
        assert self.end(state).end is End.FILED
        receipt = self.authority.receipt(state, NOW)
        assert receipt.id and receipt.id == self.authority.remote(state)
        assert receipt.opened >= 1 and {one for one, _ in receipt.files} <= {"ev_bicycle"}

    def test_to_ask_what_is_next_changes_nothing(self) -> None:
        state, paper = self.authority.submit(report(), self.reporter), self.paper()
        assert self.authority.next(state, paper, NOW) == self.authority.next(state, paper, NOW)

    def test_it_rests_whichever_call_is_lost(self) -> None:
        for lost in range(8):
            for sent in (True, False):
                answers = (
                    Lost("reset", sent) if number == lost else None for number in range(MOST)
                )
                state = self.driven(self.authority.submit(report(), self.reporter), answers)
                assert self.end(state).end is End.FILED, (lost, sent)

    def test_it_rests_whichever_call_nobody_knows_the_end_of(self) -> None:
        for lost in range(8):
            state = self._died(lost)
            assert self.end(self.driven(state)).end is End.FILED, lost

    def test_what_is_not_filed_can_be_taken_back(self) -> None:
        for number in range(8):
            state = self._died(number)
            if isinstance(self.authority.next(state, self.paper(), NOW), Ended):
                continue
            ended = self.end(self.driven(self.authority.withdraw(state, NOW)))
            assert ended.end in (End.WITHDRAWN, End.FILED), number

    def test_what_is_filed_cannot_be_taken_back(self) -> None:
        from tutela.reporting.errors import CannotWithdraw

        state = self.driven(self.authority.submit(report(), self.reporter))
        try:
            self.authority.withdraw(state, NOW)
        except CannotWithdraw:
            return
        raise AssertionError("what was filed was withdrawn")

    def test_who_is_refused_halts_and_can_go_on(self) -> None:
        refused = (Answer(401, {}, b"") for _ in range(MOST))
        state = self.driven(self.authority.submit(report(), self.reporter), refused)
        ended = self.end(state)
        assert ended.end is End.HALTED and ended.credentials
        state = self.authority.again(state, NOW)
        assert isinstance(self.authority.next(state, self.paper(), NOW), Call)
        assert self.end(self.driven(state)).end is End.FILED

    def test_what_may_be_filed_is_known_as_such(self) -> None:
        may = self.authority.may_be_filed
        assert not may(self.authority.submit(report(), self.reporter))
        states = [self._died(number) for number in range(8)]
        assert any(map(may, states)), "nobody is told when the call that files was made"
        state = next(one for one in states if may(one))
        refused = (Answer(401, {}, b"") for _ in range(MOST))
        state = self.driven(state, refused)
        assert self.end(state).end is End.HALTED and may(state)
        done = self.driven(self.authority.again(state, NOW))
        assert self.end(done).end is End.FILED and not may(done)

    def test_states_hold_no_content(self) -> None:
        for number in range(8):
            state = self._died(number)
            assert CONTENT not in state and "rider" not in state and len(state) < 100_000

    def test_no_call_holds_a_credential_or_the_bytes_of_a_file(self) -> None:
        for call in self._calls():
            assert "authorization" not in {name.lower() for name in call.headers}
            assert call.path.startswith("/") and call.method in ("GET", "POST", "PUT", "DELETE")
            assert not (call.body and (call.fields or call.file))

    def test_a_supplement_names_the_report_that_it_adds_to(self) -> None:
        state = self.driven(self.authority.submit(report(), self.reporter))
        receipt = self.authority.receipt(state, NOW)
        more = self.authority.supplement(report(), receipt)
        assert more.supplements == receipt.id
        assert receipt.id.encode() in self.paper(more).body

    def _calls(self) -> Iterator[Call]:
        state, paper = self.authority.submit(report(), self.reporter), self.paper()
        for _ in range(MOST):
            step = self.authority.next(state, paper, NOW)
            if isinstance(step, Ended):
                return
            if isinstance(step, Call):
                yield step
                state = self.authority.calling(state, step, NOW)
                state, _wait = self.authority.after(state, step, self.filed(step), NOW)

    def _died(self, number: int) -> str:
        """The state that is left if a process dies in its call of that number."""
        state, paper = self.authority.submit(report(), self.reporter), self.paper()
        for _ in range(number):
            step = self.authority.next(state, paper, NOW)
            if not isinstance(step, Call):
                return state
            state = self.authority.calling(state, step, NOW)
            state, _wait = self.authority.after(state, step, self.filed(step), NOW)
        step = self.authority.next(state, paper, NOW)
        return self.authority.calling(state, step, NOW) if isinstance(step, Call) else state
