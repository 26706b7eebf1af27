"""The vault makes pictures of files in memory, and gives no more than what was written down."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from evidence.conftest import data, identity, sealer, store
from evidence.test_vault import damaged
from evidence.vaults import listening
from PIL import Image

from tutela import evidence
from tutela.evidence import client, identities
from tutela.evidence.errors import IntentRefused, NotOpened, NotShown
from tutela.evidence.models import Intent, Purpose
from tutela.evidence.sealing import Sealer
from tutela.interfaces.server.vault import Pictures
from tutela.settings import Settings
from tutela.views.options import Options

__all__ = ["data", "identity", "sealer", "store"]


def bicycle(form: str = "PNG", side: int = 600) -> bytes:
    small = np.random.default_rng(3).integers(0, 256, (9, 9, 3), np.uint8)
    stored = io.BytesIO()
    Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC).save(stored, form)
    return stored.getvalue()


@pytest.fixture(scope="module")
def pictures() -> Iterator[Pictures]:
    made = Pictures(Settings(views=Options(floor="small")))
    yield made
    made.close()


@pytest.fixture
def path(data, database, store, sealer, identity, pictures) -> Iterator[Path]:
    held = identities.read(identity)
    socket = data / "vault.sock"
    vault = (database, store, held, socket, lambda: sealer)
    with listening(*vault, renderer=pictures) as opened:
        yield opened


def intent(database, sealer, given: bytes, rendering: str, purpose: Purpose = Purpose.VIEW) -> str:
    sealed = sealer.seal(given)
    with database.writing() as session:
        now = database.now()
        file = evidence.record(session, now, sealed)
        return evidence.intend(
            session, now, "person:mia", file, purpose, "to look at it", rendering
        ).id


def test_a_picture_comes_in_place_of_the_file(path, database, sealer):
    given = bicycle()
    made = client.derived(path, intent(database, sealer, given, "stylised"))
    picture = Image.open(io.BytesIO(made.png))
    assert picture.format == "PNG" and max(picture.size) == 480 and not made.whole
    assert given not in made.png and made.png != given


def test_the_mark_is_in_it(path, database, sealer, pictures):
    given = bicycle()
    made = client.derived(path, intent(database, sealer, given, "marked"))
    shown = np.asarray(Image.open(io.BytesIO(made.png)).convert("RGB")).astype(int)
    plain = np.asarray(Image.open(io.BytesIO(given)).convert("RGB")).astype(int)
    assert made.whole and shown.shape == plain.shape
    assert 0 < np.abs(shown - plain).max() <= 26


@pytest.mark.parametrize("rendering", ["stylised", "marked"])
def test_an_intent_for_a_picture_opens_no_bytes_and_the_other_way_round(
    path, database, sealer, rendering
):
    for_picture = intent(database, sealer, bicycle(), rendering)
    with pytest.raises(IntentRefused, match="rendering"):
        list(client.opened(path, for_picture))
    for_bytes = intent(database, sealer, bicycle(), "")
    with pytest.raises(IntentRefused, match="very bytes"):
        client.derived(path, for_bytes)
    with database.reading() as session:
        assert session.get_one(Intent, for_picture).used_at is None
    assert client.derived(path, for_picture).png
    assert b"".join(client.opened(path, for_bytes)) == bicycle()


def test_a_picture_is_made_once(path, database, sealer):
    name = intent(database, sealer, bicycle(), "blurred")
    client.derived(path, name)
    for asked in (name, "int_" + "a" * 26, "", "x"):
        with pytest.raises(IntentRefused):
            client.derived(path, asked)


def test_nobody_goes_below_the_floor_of_the_organisation(path, database, sealer):
    with pytest.raises(NotShown, match="not offered"):
        client.derived(path, intent(database, sealer, bicycle(), "grey"))
    with pytest.raises(NotShown, match="not offered"):
        client.derived(path, intent(database, sealer, bicycle(), "colour"))


@pytest.mark.parametrize("given", [b"", b"rain on the road", b"\0" * 5000])
def test_of_what_is_no_picture_it_says_so(path, database, sealer, given):
    with pytest.raises(NotShown):
        client.derived(path, intent(database, sealer, given, "stylised"))
    client.ping(path)


@pytest.mark.parametrize("how", ["nothing", "header cut", "cut", "one byte cut", "changed"])
@pytest.mark.parametrize("rendering", ["stylised", "marked"])
def test_of_a_file_that_was_altered_or_cut_nothing_is_shown(
    path, database, sealer, store, how, rendering
):
    name = intent(database, sealer, bicycle(), rendering)
    (sealed,) = store.folder.rglob("*.age")
    sealed.chmod(0o600)
    sealed.write_bytes(damaged(sealed.read_bytes())[how])
    with pytest.raises(NotOpened):
        client.derived(path, name)
    client.ping(path)


def test_of_a_file_that_is_gone_nothing_is_shown_and_it_can_be_once_it_is_back(
    path, database, sealer, store
):
    name = intent(database, sealer, bicycle(), "stylised")
    away = store.folder.with_name("away")
    store.folder.rename(away)
    with pytest.raises(NotOpened):
        client.derived(path, name)
    with database.reading() as session:
        assert session.get_one(Intent, name).used_at is None
    away.rename(store.folder)
    assert client.derived(path, name).png


def test_what_was_sealed_for_another_identity_is_not_shown(path, database, store, data, tmp_path):
    """As after a rotation, of what was not sealed anew."""
    other = tmp_path / "other.txt"
    identities.make(other)
    for_other = Sealer([identities.recipient(other)], store, data / "spool")
    with pytest.raises(NotOpened, match="sealed for others"):
        client.derived(path, intent(database, for_other, bicycle(), "stylised"))


def test_a_vault_without_decoders_makes_none(data, database, store, sealer, identity):
    held = identities.read(identity)
    with listening(database, store, held, data / "bare.sock", lambda: sealer) as bare:
        name = intent(database, sealer, bicycle(), "stylised")
        with pytest.raises(NotShown):
            client.derived(bare, name)


def test_of_an_animation_a_still_comes_first(path, database, sealer):
    frames = [Image.new("RGB", (300, 200), colour) for colour in ("navy", "white", "olive")]
    moving = io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    made = client.derived(path, intent(database, sealer, moving.getvalue(), "marked"))
    still = Image.open(io.BytesIO(made.png))
    assert getattr(still, "n_frames", 1) == 1 and not made.whole
