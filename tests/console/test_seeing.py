"""Files of a case in the console: written down first, shown once, never cached, to nobody else."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np
import pytest
from api.service import Desk, until
from PIL import Image
from sqlalchemy import func, select, update

from console.visitor import Page, Visitor, signed_in
from tutela.audit.service import entries
from tutela.cases import queues, work
from tutela.cases.models import Case
from tutela.evidence import identities
from tutela.evidence.models import File, Intent
from tutela.evidence.vault import Vault
from tutela.interfaces.console.seeing import NAMES
from tutela.interfaces.server.vault import Pictures
from tutela.people import callers
from tutela.people.permissions import Permission
from tutela.views import options, service
from tutela.views.models import Breach, View

P = Permission
numbers = count()


def picture(seed: int, form: str = "PNG") -> bytes:
    small = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), np.uint8)
    stored = io.BytesIO()
    Image.fromarray(small).resize((300, 300), Image.Resampling.BICUBIC).save(stored, form)
    return stored.getvalue()


@pytest.fixture(scope="module")
def vault(desk: Desk) -> Iterator[Desk]:
    """The service with a vault beside it."""
    app = desk.app
    app.run_folder.mkdir(mode=0o700, exist_ok=True)
    held = identities.read(app.identity)
    made = Pictures(app.settings)
    running = Vault(app.database, app.store(), held, app.vault_socket, app.sealer, made)
    stop = threading.Event()
    thread = threading.Thread(target=running.run, args=(stop,))
    thread.start()
    yield desk
    stop.set()
    thread.join()
    made.close()


class Matter:
    """A case with one file, and its bytes."""

    def __init__(self, desk: Desk, labels: tuple[str, ...] = (), form: str = "PNG") -> None:
        self.desk = desk
        number = next(numbers)
        self.data = picture(number, form)
        value = hashlib.sha256(self.data).hexdigest()
        bank = desk.bank(f"known-{number}")
        signal = {"type": "sha256", "value": value, "labels": list(labels)}
        desk.ok("ann", "POST", f"/banks/{bank}/signals", {"signals": [signal]})
        wanted = {"type": "sha256", "value": value}
        until(lambda: desk.ok("ann", "POST", "/signals/find", wanted)["matches"])
        facts = {"creator": {"id": f"rider-{number}"}}
        given = base64.urlsafe_b64encode(json.dumps(facts).encode()).decode().rstrip("=")
        told = desk.ok("detail", "POST", "/screen", body=self.data, tutela_facts=given)
        assert told["evidence"] == "sealed", told
        self.case, self.item = told["case_id"], told["item_id"]

    @property
    def path(self) -> str:
        return f"/console/cases/{self.case}"

    def taken(self, visitor: Named) -> None:
        database = self.desk.database
        with database.writing() as session:
            caller = callers.current(session, f"person:{visitor.name}")
            assert caller is not None
            work.take_one(session, database.now(), caller, self.case)

    def ask(self, visitor: Visitor, rendering: str, status: int = 200, **more: str) -> Any:
        page = visitor.post(
            f"{self.path}/items/{self.item}/views", {"rendering": rendering, **more}, status
        )
        return json.loads(page.text)


class Named(Visitor):
    """Someone of whom the name is known."""

    name = ""


@pytest.fixture
def mia(vault: Desk) -> Named:
    return named(vault, "mia", P.CASES, P.MEDIA)


def named(desk: Desk, like: str, *permissions: Permission) -> Named:
    name = f"{like}{next(numbers)}"
    made = Named(desk, signed_in(desk, name, *permissions).secret)
    made.name = name
    return made


def views(desk: Desk, item: str) -> list[View]:
    with desk.database.reading() as session:
        return list(session.scalars(select(View).where(View.item_id == item).order_by(View.at)))


def image(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.data))


def test_the_list_of_files_loads_none_of_them(vault: Desk, mia: Named):
    matter = Matter(vault)
    page = mia.get(f"{matter.path}/seeing")
    assert "Files are shown to who works on the case" in page.words
    assert matter.item not in page.text
    matter.taken(mia)
    page = mia.get(f"{matter.path}/seeing")
    assert matter.item in page.text and "<img" not in page.text.partition("</header>")[2].replace(
        '<img src="/console/static/mark.svg', ""
    )
    assert views(vault, matter.item) == []
    assert NAMES["marked"] in page.words
    reviewer = named(vault, "cid", P.CASES)
    part = reviewer.get(f"{matter.path}/seeing", hx_request="true")
    assert "<html" not in part.text and matter.item not in part.text


def test_nothing_leaves_before_a_view_was_written_down(vault: Desk, mia: Named):
    matter = Matter(vault)
    matter.taken(mia)
    told = matter.ask(mia, "stylised")
    (view,) = views(vault, matter.item)
    assert (view.id, view.rendering, view.actor) == (told["view"], "stylised", f"person:{mia.name}")
    page = mia.get(told["picture"])
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-type"] == "image/png"
    assert "sandbox" in page.headers["content-security-policy"]
    assert max(image(page).size) == 300 and matter.data not in page.data
    again = mia.get(told["picture"], 409)
    assert "shown already" in again.words
    with vault.database.reading() as session:
        acts = [e.action for e in entries(session) if e.actor == f"person:{mia.name}"]
    assert acts[-2:] == ["evidence.intend", "evidence.open"]


def test_originals_only_for_who_may_and_each_is_recorded(vault: Desk, mia: Named):
    matter = Matter(vault)
    cid = named(vault, "cid", P.CASES)
    matter.taken(cid)
    for rendering in ("original", "marked"):
        page = cid.post(f"{matter.path}/items/{matter.item}/views", {"rendering": rendering}, 403)
        assert "media" in page.words
    assert views(vault, matter.item) == []
    cid_page = cid.get(f"{matter.path}/seeing")
    assert NAMES["original"] not in cid_page.words
    with vault.database.writing() as session:
        session.execute(
            update(Case).where(Case.id == matter.case).values(locked_by=None, locked_until=None)
        )
    matter.taken(mia)
    told = matter.ask(mia, "original")
    page = mia.get(told["picture"])
    assert page.data == matter.data and page.headers["cache-control"] == "no-store"
    assert [view.rendering for view in views(vault, matter.item)] == ["original"]
    marked = mia.get(matter.ask(mia, "marked")["picture"])
    assert image(marked).size == (300, 300) and marked.data != matter.data


def test_what_browsers_do_not_show_safely_is_handed_over_as_a_file(vault: Desk, mia: Named):
    matter = Matter(vault, form="BMP")
    matter.taken(mia)
    page = mia.get(matter.ask(mia, "original")["picture"])
    assert page.headers["content-disposition"].startswith("attachment")
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["x-content-type-options"] == "nosniff" and page.data == matter.data


def test_viewed_by_the_provider_is_the_original_whole_for_a_while(vault: Desk, mia: Named):
    matter = Matter(vault)
    matter.taken(mia)

    def viewed() -> bool:
        with vault.database.reading() as session:
            return service.viewed_by_provider(session, matter.item)

    grey = matter.ask(mia, "grey")
    mia.get(grey["picture"])
    mia.post(f"/console/views/{grey['view']}/seconds", {"seconds": "1", "whole": "true"}, 204)
    told = matter.ask(mia, "marked")
    mia.post(f"/console/views/{told['view']}/seconds", {"seconds": "1", "whole": "true"}, 204)
    assert not viewed()  # nothing of it was shown
    told = matter.ask(mia, "marked")
    mia.get(told["picture"])
    mia.post(f"/console/views/{told['view']}/seconds", {"seconds": "2", "whole": "true"}, 204)
    assert viewed()


def test_a_view_is_its_viewer_s_own(vault: Desk, mia: Named):
    matter = Matter(vault)
    matter.taken(mia)
    told = matter.ask(mia, "grey")
    other = named(vault, "eve", P.CASES, P.MEDIA)
    assert other.get(told["picture"], 409)
    assert other.post(f"/console/views/{told['view']}/seconds", {"seconds": "1"}, 409)
    refused = matter.ask(other, "grey", 409)
    assert "works on the case" in refused["what"] or "not yours" in refused["what"]
    assert Visitor(vault).get(told["picture"], 303).location.startswith("/console/sign-in")
    nobody = named(vault, "nob", P.AUDIT)
    assert nobody.get(told["picture"], 403)
    mia.get(told["picture"])


def test_a_form_from_elsewhere_shows_nothing(vault: Desk, mia: Named):
    matter = Matter(vault)
    matter.taken(mia)
    path = f"{matter.path}/items/{matter.item}/views"
    for csrf in (None, "made-up"):
        assert mia.post(path, {"rendering": "grey"}, 403, csrf=csrf)
    fields = {"rendering": "grey"}
    assert mia.post(path, fields, 403, headers={"origin": "https://elsewhere.example"})
    assert mia.ask("GET", path).status in (404, 405)
    assert views(vault, matter.item) == []


def test_a_closed_case_locks_again(vault: Desk, mia: Named):
    matter = Matter(vault)
    matter.taken(mia)
    told = matter.ask(mia, "grey")
    with vault.database.writing() as session:
        session.get_one(Case, matter.case).closed_at = vault.database.now()
    assert mia.get(told["picture"], 409)
    assert "closed" in matter.ask(mia, "grey", 409)["what"]
    with vault.database.reading() as session:
        intents = session.scalars(
            select(Intent.used_at).where(Intent.actor == f"person:{mia.name}")
        )
        assert list(intents) == [None]


def test_a_limit_is_told_in_words_and_passed_with_a_reason(vault: Desk, mia: Named):
    matter = Matter(vault)
    matter.taken(mia)
    before = vault.database.info[options.IN_SESSION]
    vault.database.info[options.IN_SESSION] = options.Options(day_minutes=1)
    try:
        matter.ask(mia, "grey")
        refused = matter.ask(mia, "grey", 409)
        assert refused["limit"] == "day" and "today" in refused["what"] and refused["until"]
        matter.ask(mia, "grey", why="the court waits for it")
    finally:
        vault.database.info[options.IN_SESSION] = before
    with vault.database.reading() as session:
        mine = select(Breach.why).where(Breach.actor == f"person:{mia.name}")
        assert list(session.scalars(mine)) == ["the court waits for it"]


def test_originals_of_the_worst_grades_take_two_where_the_queue_says_so(vault: Desk, mia: Named):
    matter = Matter(vault, ("A1",))
    matter.taken(mia)
    other = signed_in(vault, f"ben{next(numbers)}", P.CASES, P.MEDIA)
    with vault.database.writing() as session:
        now = vault.database.now()
        queue = session.get_one(Case, matter.case).queue
        queues.put(session, now, vault.app.caller, queue, two_for=["worst"])
    try:
        matter.ask(mia, "grey")
        refused = matter.ask(mia, "marked", 409)
        number = "".join(c for c in refused["what"] if c.isdigit())
        assert "Two people" in refused["what"] and "tutela" not in refused["hint"]
        assert matter.ask(mia, "marked", 409)
        other.post(f"/console/approvals/{number}/approve")
        mia.get(matter.ask(mia, "marked")["picture"])
        assert matter.ask(mia, "marked", 409)  # once
    finally:
        with vault.database.writing() as session:
            queues.put(session, vault.database.now(), vault.app.caller, queue, two_for=[])


def test_where_the_vault_does_not_answer_a_page_says_so_and_nothing_is_lost(
    desk: Desk, vault: Desk
):
    visitor = named(vault, "mia", P.CASES, P.MEDIA)
    matter = Matter(vault)
    matter.taken(visitor)
    told = matter.ask(visitor, "grey")
    socket = vault.app.vault_socket
    hidden = socket.with_name("elsewhere")
    socket.rename(hidden)
    try:
        assert visitor.get(told["picture"], 503).words
    finally:
        hidden.rename(socket)
    visitor.get(told["picture"])


@pytest.mark.parametrize("rendering", ["grey", "original"])
def test_who_asked_for_a_file_that_is_damaged_was_shown_nothing(
    vault: Desk, mia: Named, rendering: str
):
    matter = Matter(vault)
    matter.taken(mia)
    told = matter.ask(mia, rendering)
    (view,) = views(vault, matter.item)
    with vault.database.reading() as session:
        sealed = session.get_one(File, view.file_id).name
    stored = vault.app.store().folder / sealed
    stored.chmod(0o600)
    stored.write_bytes(stored.read_bytes()[:300])
    page = mia.get(told["picture"], 503)
    assert page.headers["content-type"].startswith("text/html")
    (view,) = views(vault, matter.item)
    assert view.rendering == "failed" and not view.whole
    mia.post(f"/console/views/{view.id}/seconds", {"seconds": "2", "whole": "true"}, 204)
    with vault.database.reading() as session:
        assert not service.viewed_by_provider(session, matter.item)


def test_script_in_what_is_asked_stays_text(vault: Desk, mia: Named):
    matter = Matter(vault)
    matter.taken(mia)
    evil = "<script>bike</script>"
    assert matter.ask(mia, evil[:16], 409)["what"]
    for fields in ({}, {"rendering": "grey", "more": "1"}, {"rendering": evil}):
        page = mia.post(f"{matter.path}/items/{matter.item}/views", fields, 422)
        assert page.headers["content-type"] == "application/json"
    for given in ("nan", "inf", "-1", "1e9", "x", ""):
        told = f"/console/views/vw_{'a' * 26}/seconds"
        assert mia.post(told, {"seconds": given}, 422)


def test_reading_counts(vault: Desk, mia: Named):
    matter = Matter(vault)
    mia.post(f"{matter.path}/reading", {"seconds": "30"}, 204)
    mia.post(f"/console/cases/case_{'a' * 26}/reading", {"seconds": "30"}, 404)
    with vault.database.reading() as session:
        mine = View.actor == f"person:{mia.name}"
        assert session.scalar(select(func.sum(View.seconds)).where(mine)) == 30


def test_no_page_says_that_blur_protects(vault: Desk, mia: Named):
    matter = Matter(vault)
    matter.taken(mia)
    for path in (f"{matter.path}/seeing", "/console/wellbeing"):
        words = mia.get(path).words.lower()
        assert "protect" not in words and "safe" not in words
