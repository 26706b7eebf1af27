"""A pool ends, refuses and answers; it never hangs, and never gives one caller another's answer."""

from __future__ import annotations

import io
import os
import threading

import pytest
from made import bombs

from tutela.decoding import Cause, DecoderPool, Limits, fingerprint
from tutela.decoding.errors import DecodingError

GREY = bombs.real_png(64)


def within(seconds: float, act) -> list:
    """What `act` gives, or a failure if it takes longer."""
    done: list = []
    thread = threading.Thread(target=lambda: done.append(act()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it hangs"
    return done


def test_closing_twice_does_nothing():
    pool = DecoderPool(size=1)
    pool.start()
    within(20, lambda: (pool.close(), pool.close()))


def test_a_closed_pool_refuses():
    pool = DecoderPool(size=2)
    pool.close()
    with pytest.raises(DecodingError, match="closed"):
        pool.decode(GREY)


def test_those_who_wait_when_a_pool_closes_are_told():
    pool = DecoderPool(size=1)
    outcomes: list[object] = []

    def ask() -> None:
        try:
            outcomes.append(pool.decode(bombs.real_png(6000)).cause)
        except DecodingError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    within(60, pool.close)
    for thread in threads:
        thread.join(30)
    assert len(outcomes) == 4
    assert all(o is None or isinstance(o, DecodingError) for o in outcomes)


def test_a_pool_without_places_is_refused():
    for size in (0, -1):
        with pytest.raises(ValueError):
            DecoderPool(size=size)


def test_a_forked_process_does_not_share_the_pipes(pool):
    pool.start()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            pool.decode(GREY)
            os.write(writer, b"answered")
        except DecodingError:
            os.write(writer, b"refused")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 99) == b"refused"
    os.close(reader)
    os.close(writer)
    assert pool.decode(GREY).cause is None


def test_a_decoder_is_replaced_after_its_share():
    with DecoderPool(limits=Limits(max_files=2), size=1) as pool:
        pids = []
        for _ in range(5):
            assert pool.decode(GREY).cause is None
            decoder = pool._places.queue[0]
            pids.append(decoder.process.pid if decoder else None)
    assert pids[1] is pids[3] is None
    assert len({pids[0], pids[2], pids[4]}) == 3


def test_a_stream_that_is_not_ready_is_an_error_not_an_end(pool):
    class Slow(io.RawIOBase):
        def read(self, size: int = -1) -> bytes | None:
            return None

    with pytest.raises(BlockingIOError):
        fingerprint(Slow(), pool)


def test_a_small_limit_on_processor_time_is_kept(pool):
    """A soft limit above the system's own hard one would end every decoder at once."""
    import resource
    import subprocess
    import sys

    code = (
        "from tutela.decoding import DecoderPool;"
        "pool = DecoderPool(size=1); print(pool.decode(b'rain').cause); pool.close()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (20, 20)),
    )
    assert ran.stdout.strip() == Cause.NOT_A_PICTURE, ran.stderr
