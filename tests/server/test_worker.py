"""What the worker role is given to do."""

from __future__ import annotations

from pathlib import Path

from reporting.conftest import desk, server  # noqa: F401 - fixtures

from tutela.app import App
from tutela.interfaces.server import worker
from tutela.reporting.models import State
from tutela.settings import Settings


def test_the_worker_sends_reports_one_after_another(desk, database_url, tmp_path: Path):  # noqa: F811
    """Its duty begins with what is due, and goes on with the next."""
    settings = Settings(
        data=f"{tmp_path}/data", keys=str(tmp_path), database_url=database_url,
        reporting=desk.options,
    )  # fmt: skip
    with App(settings) as app:
        app.set_up()
        app.database.now = desk.database.now
        (duty,) = [one for one in worker.duties(app) if one.name == "reporting.send"]
        assert duty.concurrency == desk.options.parallel
        names = [desk.queue(files=0, rank=rank) for rank in (2, 1)]
        with app.database.reading() as session:
            due = duty.due(session, desk.now, 10)
        assert due == names[::-1]
        duty.do(due[0])
    assert {desk.report(name).state for name in names} == {State.FILED}


def test_a_worker_without_the_key_of_credentials_does_its_other_duties(database_url, tmp_path):
    """An installation from before reports: it starts."""
    settings = Settings(data=f"{tmp_path}/data", keys=f"{tmp_path}/keys", database_url=database_url)
    with App(settings) as app:
        app.set_up()
        app.reporting_key.unlink()
        assert {one.name for one in worker.duties(app)} >= {"reporting.send", "webhooks.deliver"}
