"""Nothing goes to where reports are meant for real without the literal word and two people."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from reporting.desks import ANN
from tutela.app import App
from tutela.law.options import Options as Law
from tutela.outbound import OutboundError, Reason, Target
from tutela.people import approvals, callers, keys
from tutela.people.errors import SecondPersonNeeded
from tutela.people.permissions import Caller, Permission
from tutela.reporting import authorities, driving, production, speaking
from tutela.reporting.authorities import Environment
from tutela.reporting.errors import NoSuchAuthority, NotConfigured
from tutela.reporting.models import Report, State
from tutela.settings import Settings

REAL = authorities.named("ncmec").addresses[Environment.PRODUCTION]
TEST = authorities.named("ncmec").addresses[Environment.TEST]


class Watched:
    """The one door, which only notes who would have been spoken to."""

    def __init__(self) -> None:
        self.hosts: set[str] = set()

    def post(self, url, *_, hosts, **__):
        target = Target.of(url)
        assert not hosts.private_allowed(target) or target.host == "127.0.0.1"
        self.hosts.add(target.host)
        raise OutboundError(Reason.UNREACHABLE, "It cannot be reached.")

    def fetch(self, url, **more):
        return self.post(url, **more)


def sent_to(desk, name) -> set[str]:
    """Hosts that would be spoken to."""
    door = Watched()
    driving.send(desk.parts(outbound=door), name)
    return door.hosts


def allow(desk) -> None:
    with desk.database.writing() as session:
        production.allow(session, desk.now, ANN.actor, "ncmec")


def test_by_default_the_authoritys_test_server_is_spoken_to(desk):
    """And only at an address of the internet."""
    name = desk.queue(files=0)
    desk.set(replace(desk.options, test_urls=()))
    assert sent_to(desk, name) == {Target.of(TEST).host} != {Target.of(REAL).host}


def test_the_word_alone_and_two_people_alone_send_nothing_there(desk):
    """Both are needed, at the moment of sending too."""
    desk.sign_in(environment="production")
    name = desk.queue(files=0)
    allow(desk)
    assert sent_to(desk, name) == {"127.0.0.1"}, "two people, without the word"
    desk.later(hours=2)
    with desk.database.writing() as session:
        production.stop(session, desk.now, ANN.actor, "ncmec")
        session.execute(update(Report).values(environment="production"))
    desk.set(replace(desk.options, environment="production"))
    assert sent_to(desk, name) == set(), "the word, without two people"
    row = desk.report(name)
    assert row.state == State.HALTED and "allow-production" in row.last_error


def test_with_both_it_goes_there_and_to_no_test_server(desk):
    """Whatever test server is set."""
    desk.sign_in(environment="production")
    desk.set(replace(desk.options, environment="production"))
    allow(desk)
    name = desk.queue(files=0)
    assert sent_to(desk, name) == {Target.of(REAL).host}


def test_a_test_never_goes_there(desk):
    """Even where its row says so."""
    desk.sign_in(environment="production")
    name = desk.queue(files=0, test=True)
    allow(desk)
    desk.set(replace(desk.options, environment="production"))
    with desk.database.writing() as session:
        session.execute(update(Report).values(environment="production"))
    assert sent_to(desk, name) == set()
    assert "It is a test" in desk.report(name).last_error


@pytest.mark.parametrize("url", [REAL, REAL.upper().replace("HTTPS", "https"), f"{REAL}/x"])
def test_no_test_server_is_the_real_one(desk, url):
    """A setting that names its host is refused."""
    options = replace(desk.options, test_urls=(f"ncmec={url}",))
    with pytest.raises(NotConfigured, match="for real"):
        speaking.address(authorities.named("ncmec"), "test", options)
    name = desk.queue(files=0)
    desk.set(options)
    assert sent_to(desk, name) == set()
    assert desk.report(name).state == State.HALTED


def test_a_report_stays_where_it_was_queued_for(desk):
    """A setting that changes meanwhile halts it."""
    name = desk.queue(files=0)
    desk.sign_in(environment="production")
    allow(desk)
    desk.set(replace(desk.options, environment="production"))
    assert sent_to(desk, name) == set()
    row = desk.report(name)
    assert row.state == State.HALTED and "queued for test" in row.last_error


def test_one_person_does_not_allow_it_and_two_do(database_url, tmp_path):
    """As `report.allow-production` is asked for by the interfaces."""
    settings = Settings(
        data=f"{tmp_path}/d", keys=f"{tmp_path}/k", database_url=database_url, law=Law(packs=())
    )  # fmt: skip
    with App(settings) as app:
        app.set_up()

        def person(name: str) -> Caller:
            with app.database.writing() as session:
                now = app.database.now()
                _, secret = keys.create(session, now, "shell:ann", name, ["admin"])
                return callers.of_secret(session, secret)

        ann, bob = person("ann"), person("bob")

        def allow() -> None:
            app.with_two(
                ann, Permission.ADMIN, production.ACT, "ncmec", {},
                lambda session, actor: production.allow(
                    session, app.database.now(), actor, "ncmec"
                ),
            )  # fmt: skip

        with pytest.raises(SecondPersonNeeded) as asked:
            allow()
        with app.database.writing() as session:
            assert not production.is_allowed(session, "ncmec")
            approvals.approve(session, app.database.now(), bob, asked.value.number)
        allow()
        with app.database.reading() as session:
            assert production.is_allowed(session, "ncmec")


def test_allowing_and_stopping_are_in_the_log(desk):
    """Of an authority that there is."""
    allow(desk)
    with desk.database.writing() as session:
        assert production.is_allowed(session, "ncmec")
        production.stop(session, desk.now, ANN.actor, "ncmec")
        assert not production.is_allowed(session, "ncmec")
        with pytest.raises(NoSuchAuthority):
            production.allow(session, desk.now, ANN.actor, "weather")
    assert len(desk.audited("report.allow-production")) == 1
    assert len(desk.audited("report.stop-production")) == 1
