"""What an installation from before there were people keeps."""

from __future__ import annotations

from alembic import command
from sqlalchemy import text

from tutela.storage import Database, schema

KEY = (
    "INSERT INTO people_key (name, digest, scopes, created_at) "
    "VALUES (:name, :digest, :scopes, '2031-05-01 12:00:00')"
)
LINK = (
    "INSERT INTO people_invitation (digest, role, made_at, lapses_at) "
    "VALUES (:digest, 'administrator', '2031-05-01 12:00:00', '2031-05-08 12:00:00')"
)


def test_keys_keep_what_they_could_do_and_links_stand(empty_url):
    with Database(empty_url) as database:
        database.make_folder()
        with database.engine.begin() as connection:
            command.upgrade(schema.config(connection), "0005")
            for number, scopes in enumerate(("admin", "reports screen", "lookup")):
                connection.execute(
                    text(KEY),
                    {"name": f"k{number}", "digest": bytes([number] * 32), "scopes": scopes},
                )
            connection.execute(text(LINK), {"digest": bytes(32)})
        schema.upgrade(database)
        with database.reading() as session:
            kept = {
                row[0]: row[1]
                for row in session.execute(text("SELECT name, scopes FROM people_key"))
            }
            links = session.execute(text("SELECT role, person_id, made_by FROM people_invitation"))
            assert [tuple(row) for row in links] == [("administrator", None, "")]
    assert set(kept["k0"].split()) == {
        "admin", "screen", "lookup", "match:detail", "banks:read", "banks:write", "reports",
        "metrics", "cases",
    }  # fmt: skip
    assert (kept["k1"], kept["k2"]) == ("cases reports screen", "lookup")
