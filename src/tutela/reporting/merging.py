"""Gathers anew without losing what people wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tutela.reporting import facts, given
from tutela.reporting.facts import File, Party, Where


def merged(old: facts.Report, new: facts.Report) -> facts.Report:
    """What is gathered anew, with all that people wrote into the old one: of texts and answers,
    what the old one says; lists together; of files, what records say now and people said before."""
    files = {_key(one): one for one in old.files}
    renewed = tuple(
        _renewed(files[_key(one)], one) if _key(one) in files else one for one in new.files
    )
    papers = tuple(one for one in old.files if not one.item)
    return replace(
        old,
        made_at=new.made_at,
        platform=old.platform or new.platform,
        danger=old.danger or new.danger,
        where=_where(old.where, new.where),
        subject=_party(old.subject, new.subject),
        victims=_victims(old.victims, new.victims),
        files=(*renewed, *papers),
        found_by=old.found_by or new.found_by,
    )


def _renewed(old: File, new: File) -> File:
    """A file as records have it now, with what people said of it."""
    return replace(
        old, evidence=new.evidence, item=new.item, size=new.size, seen=new.seen,
        hashes=new.hashes, grades=new.grades,
    )  # fmt: skip


def _key(file: File) -> str:
    return file.item or file.evidence


def _party(old: Party | None, new: Party | None) -> Party | None:
    return given.united(old, new) if old is not None and new is not None else old or new


def _victims(old: Sequence[Party], new: Sequence[Party]) -> tuple[Party, ...]:
    by_account = {one.account.id: one for one in new if one.account.id}
    kept = [_party(one, by_account.pop(one.account.id, None)) or one for one in old]
    return (*kept, *by_account.values())


def _where(old: Sequence[Where], new: Sequence[Where]) -> tuple[Where, ...]:
    """What is new: addresses that no old one has, and words that none begins with."""
    urls = {url for one in old for url in one.urls}
    words = "\n".join(one.more for one in old)
    added = []
    for one in new:
        fresh = tuple(url for url in one.urls if url not in urls)
        if fresh or (not one.urls and one.more.split("\n")[0] not in words):
            added.append(replace(one, urls=fresh))
    return (*old, *added)
