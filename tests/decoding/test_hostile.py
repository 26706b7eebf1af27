"""Whatever is uploaded, exact hashes are computed, a cause is given, and nothing falls over."""

from __future__ import annotations

import hashlib
import io
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from made import bombs
from made.mutations import mutations
from made.stored_forms import FORMS, saved
from PIL import Image

from tutela.decoding import Cause, DecoderPool, Fingerprint, Limits, fingerprint
from tutela.decoding.fingerprinter import Fingerprinter
from tutela.decoding.models import Note
from tutela.decoding.options import Options
from tutela.signals.registry import signal_type

PDQ = signal_type("pdq")


def of(data: bytes, pool: DecoderPool) -> Fingerprint:
    """The fingerprint, of which the exact hashes were checked."""
    found = fingerprint(io.BytesIO(data), pool)
    exact = {s.type: s.value for s in found.signals if s.type != "pdq"}
    assert exact == {n: hashlib.new(n, data).hexdigest() for n in ("md5", "sha1", "sha256")}
    assert found.size == len(data)
    assert (found.undecodable is None) == any(s.type == "pdq" for s in found.signals)
    return found


def limited(**limits: int) -> DecoderPool:
    return DecoderPool(limits=Limits(**limits), size=1)


def decoder_pid(pool: DecoderPool) -> int:
    """The process of a pool of one that is idle."""
    decoder = pool._places.get()
    pool._places.put(decoder)
    assert decoder is not None
    return decoder.process.pid


@pytest.fixture
def picture(photos) -> Image.Image:
    with Image.open(photos[0]) as image:
        return image.convert("RGB").resize((256, 192))


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", Cause.EMPTY),
        (b"x", Cause.NOT_A_PICTURE),
        (b"two flats to let, one with a bicycle shed\n" * 40, Cause.NOT_A_PICTURE),
        (b"\xff\xd8\xff\xe0 rain", Cause.DAMAGED),
        (b"\x89PNG\r\n\x1a\n", Cause.DAMAGED),
        (b"\0\0\0\x18ftypmp42" + bytes(40), Cause.UNSUPPORTED_FORMAT),
        (b"%PDF-1.7\n" + bytes(40), Cause.UNSUPPORTED_FORMAT),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", Cause.UNSUPPORTED_FORMAT),
        (bombs.claimed_png(50_000, 50_000), Cause.TOO_MANY_PIXELS),
        (bombs.claimed_jpeg(50_000, 50_000), Cause.TOO_MANY_PIXELS),
        (bombs.claimed_bmp(50_000, 50_000), Cause.TOO_MANY_PIXELS),
        (bombs.claimed_png(2**31 - 1, 2**31 - 1), Cause.TOO_MANY_PIXELS),
        (saved(Image.new("RGB", (4, 900), "red"), "PNG"), Cause.TOO_SMALL),
        (saved(Image.new("RGB", (1, 1), "red"), "GIF"), Cause.TOO_SMALL),
    ],
)
def test_what_gives_no_signal_says_why(pool, data, cause):
    found = of(data, pool)
    assert found.undecodable is cause
    assert cause.meaning


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WebP", "AVIF", "TIFF", "BMP"])
def test_a_file_cut_anywhere_gives_signals_or_a_cause(pool, picture, form):
    data = FORMS[form](picture)
    whole = of(data, pool)
    plain = next(s.value for s in whole.signals if s.type == "pdq")
    for part in range(0, 100, 7):
        found = of(data[: len(data) * part // 100], pool)
        assert found.undecodable is not None or Note.PARTIAL in found.notes, part
    if form in ("JPEG", "PNG", "BMP", "TIFF"):
        nearly = of(data[: len(data) * 98 // 100], pool)
        assert Note.PARTIAL in nearly.notes
        found_plain = next(s.value for s in nearly.signals if s.type == "pdq")
        assert PDQ.distance(found_plain, plain) <= 31, "most of the picture is there"


def test_a_wrong_extension_does_not_matter(pool, picture, tmp_path):
    path = tmp_path / "bicycle.txt"
    path.write_bytes(saved(picture, "WEBP"))
    with path.open("rb") as stream:
        assert fingerprint(stream, pool).undecodable is None


def test_polyglots_are_seen_as_the_picture_that_a_browser_shows(pool, picture):
    plain = next(s.value for s in of(saved(picture, "PNG"), pool).signals if s.type == "pdq")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("weather.txt", "fog, later sun")
    for data in (
        saved(picture, "PNG") + archive.getvalue(),
        saved(picture, "JPEG", quality=95, comment=b"*/=1;alert(1)//%PDF-1.4"),
        saved(picture, "JPEG", quality=95) + b"\n%PDF-1.4\n" + saved(picture.rotate(90), "PNG"),
        saved(picture, "GIF") + b"<script>0</script>",
        saved(picture, "BMP") + bytes(10_000),
    ):
        found = next(s.value for s in of(data, pool).signals if s.type == "pdq")
        assert PDQ.distance(found, plain) <= 31


def test_the_confined_process_reads_what_an_open_one_reads(pool, picture):
    """No codec needs a file, a thread or a library that confinement takes away."""
    for form, make in FORMS.items():
        data = make(picture)
        here = Fingerprinter(Options(("pdq",)), Limits()).decode(data)
        there = [s for s in of(data, pool).signals if s.type == "pdq"]
        assert tuple(there) == here.signals, form


def test_flat_pictures_are_marked(pool):
    for data in (bombs.real_png(512), saved(Image.new("RGB", (300, 200), "white"), "JPEG")):
        assert of(data, pool).low_quality


def test_a_good_photograph_is_not_marked(pool, picture):
    assert not of(saved(picture, "JPEG"), pool).low_quality


def test_a_text_that_unpacks_to_a_gigabyte_does_not_hide_the_picture(pool, picture):
    found = of(bombs.png_with_text(picture, 1024), pool)
    assert found.undecodable is None
    plain = next(s.value for s in of(saved(picture, "PNG"), pool).signals if s.type == "pdq")
    assert plain in {s.value for s in found.signals}


def test_the_largest_allowed_picture_is_read(pool):
    """16 384 x 16 384: the limit itself, 256 KiB on the wire, 256 MiB in memory."""
    assert of(bombs.real_png(16_384), pool).undecodable is None


def test_a_picture_that_needs_more_memory_than_allowed_is_named():
    with limited(max_memory=64 * 1024 * 1024) as small:
        assert of(bombs.real_png(12_000), small).undecodable is Cause.OUT_OF_MEMORY
        assert of(bombs.real_png(100), small).undecodable is None


def test_a_picture_that_takes_too_long_is_named():
    with limited(max_cpu_seconds=1) as hasty:
        many = saved(
            Image.new("RGB", (4000, 3000)),
            "TIFF",
            compression="tiff_adobe_deflate",
            save_all=True,
            append_images=[Image.new("RGB", (4000, 3000), (n, n, n)) for n in range(31)],
        )
        assert of(many, hasty).undecodable is Cause.OUT_OF_TIME
        assert of(bombs.real_png(100), hasty).undecodable is None


def test_a_decoder_that_sleeps_is_replaced():
    with limited(max_wall_seconds=1) as patient:
        patient.start()
        os.kill(decoder_pid(patient), signal.SIGSTOP)
        assert of(bombs.real_png(100), patient).undecodable is Cause.OUT_OF_TIME
        assert of(bombs.real_png(100), patient).undecodable is None


def test_a_decoder_killed_in_the_middle_of_a_file_costs_nothing():
    """Once may be bad luck: the file is tried again on a new process."""
    with limited() as unlucky:
        unlucky.start()
        pid = decoder_pid(unlucky)
        killer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
        killer.start()
        assert of(bombs.real_png(14_000), unlucky).undecodable is None
        killer.join()
        assert decoder_pid(unlucky) != pid


def test_a_file_that_kills_every_decoder_is_named():
    with limited() as pool:
        stop = threading.Event()

        def kill_all() -> None:
            while not stop.wait(0.05):
                for decoder in list(pool._lent):
                    if decoder.files:
                        decoder.process.kill()

        killer = threading.Thread(target=kill_all)
        killer.start()
        assert of(bombs.real_png(14_000), pool).undecodable is Cause.DECODER_DIED
        stop.set()
        killer.join()
        assert of(bombs.real_png(100), pool).undecodable is None


def test_an_animation_bomb_keeps_the_signals_it_gave(picture):
    frames = [picture.rotate(n) for n in range(0, 360, 30)]
    honest = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with limited(max_frames=4, max_frames_seconds=1) as pool:
        found = of(honest, pool)
        assert found.picture.frames == 12
        assert {s.frame for s in found.signals if s.type == "pdq"} == {0, 3, 7, 11}
        assert Note.SAMPLED in found.notes
        began = time.monotonic()
        bomb = of(bombs.animation(200_000), pool)
        assert bomb.undecodable is None
        assert bomb.notes & {Note.SAMPLED, Note.CUT_SHORT}
        assert time.monotonic() - began < 30


def test_an_animation_that_lies_about_its_frames_keeps_those_it_has(pool, picture):
    data = saved(picture, "PNG", save_all=True, append_images=[picture.rotate(90)])
    at = data.index(b"acTL")
    body = (2**31 - 1).to_bytes(4) + data[at + 8 : at + 12]
    lying = data[: at - 4] + bombs.chunk(b"acTL", body) + data[at + 16 :]
    found = of(lying, pool)
    assert found.undecodable is None


class Zeros(io.RawIOBase):
    """So many zero bytes, without holding them."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        given = min(size, self.left)
        self.left -= given
        return bytes(given)


@pytest.mark.parametrize(
    "size", [512 * 1024 * 1024, pytest.param(10 * 1024**3, marks=pytest.mark.soak)]
)
def test_a_large_file_is_hashed_in_constant_memory(size):
    """Longer than any decoder takes: exact hashes are right, and nothing of it is kept."""
    with limited(max_bytes=8 * 1024 * 1024) as pool:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = fingerprint(Zeros(size), pool)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert found.undecodable is Cause.TOO_MANY_BYTES
    assert found.size == size
    assert {s.type for s in found.signals} == {"md5", "sha1", "sha256"}
    assert grown < 64 * 1024, "kilobytes"


@pytest.mark.parametrize("count", [10_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_ten_thousand_broken_pictures_break_nothing(picture, count):
    """No crash, no hang, no leak: of processes, descriptors or memory."""
    small = picture.resize((120, 80))
    skipped = {"TIFF, fax (1 bit)"}
    seeds = [make(small) for name, make in FORMS.items() if name not in skipped]
    options = Options(types=("md5", "sha1", "sha256", "pdq"))
    limits = Limits(max_cpu_seconds=5, max_wall_seconds=20, max_files=10 * count)
    with DecoderPool(options, limits, size=2) as pool, ThreadPoolExecutor(2) as threads:
        causes: dict[Cause | None, int] = {}
        descriptors = len(os.listdir("/proc/self/fd"))
        halfway = 0
        for n, found in enumerate(threads.map(lambda d: of(d, pool), mutations(seeds, count))):
            causes[found.undecodable] = causes.get(found.undecodable, 0) + 1
            if n == count // 2:
                halfway = resident(pool)
        grown = resident(pool) - halfway
        assert len(os.listdir("/proc/self/fd")) <= descriptors + 8
        assert of(saved(picture, "PNG"), pool).undecodable is None
    assert causes[None] > count // 10, causes
    assert causes[Cause.DAMAGED] > count // 20, causes
    assert grown < 150 * 1024 * 1024, f"{grown} bytes more in the second half"


def resident(pool: DecoderPool) -> int:
    """Resident bytes of all decoders of a pool."""
    decoders = [d for d in list(pool._places.queue) + list(pool._lent) if d is not None]
    pages = [int(Path(f"/proc/{d.process.pid}/statm").read_text().split()[1]) for d in decoders]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")


CONFINED = """
import ctypes, os, platform, resource, socket, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
parent = os.getppid()
def called(number, *arguments):  # by its number on x86-64
    if platform.machine() != "x86_64" or libc.syscall(number, *arguments) < 0:
        raise OSError
from tutela.decoding import confinement
confined = confinement.confine(1 << 30)
tried = {
    "read a file": lambda: open("/etc/hostname"),
    "write a file": lambda: open("/tmp/tutela-confined", "w"),
    "make a folder": lambda: os.mkdir("/tmp/tutela-confined"),
    "open a socket": lambda: socket.socket(),
    "open a pair": lambda: socket.socketpair(),
    "fork": os.fork,
    "run a program": lambda: os.execv("/bin/true", ["true"]),
    "signal another": lambda: os.kill(parent, 0),
    "signal another's thread": lambda: called(200, parent, 0),
    "limit another": lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE),
    "look at a file": lambda: os.stat("/etc/hostname"),
    "change a file": lambda: os.chmod("/etc/hostname", 0o644),
    "give a file away": lambda: os.chown("/etc/hostname", 0, 0),
    "date a file": lambda: os.utime("/etc/hostname"),
    "change folder": lambda: os.chdir("/"),
    "share memory": lambda: called(29, 0, 4096, 0o1600),
    "rename itself": lambda: called(157, 15, b"other", 0, 0, 0),
    "make a memory file": lambda: os.memfd_create("x"),
    "list a folder": lambda: os.listdir("/"),
    "take memory": lambda: bytearray(2 << 30),
}
allowed = []
for what, act in tried.items():
    try:
        act()
        allowed.append(what)
    except (OSError, MemoryError):
        pass
thread = threading.Thread(target=lambda: None)
thread.start(); thread.join()
os.write(1, f"{confined} {allowed}".encode())
"""


def test_a_confined_process_can_open_nothing():
    ran = subprocess.run(
        [sys.executable, "-I", "-c", CONFINED], capture_output=True, timeout=60, check=False
    )
    confined, _, allowed = ran.stdout.decode().partition(" ")
    if confined == "False":
        pytest.skip("this platform has no system call filter: only limits confine the decoder")
    assert allowed == "[]", ran.stderr.decode()


def test_a_decoder_inherits_no_secret_and_no_file(monkeypatch):
    monkeypatch.setenv("TUTELA_KEY", "not for decoders")
    with limited() as pool, Path("/dev/null").open() as held:
        os.set_inheritable(held.fileno(), True)
        assert pool.start()
        proc = Path(f"/proc/{decoder_pid(pool)}")
        if os.geteuid() != 0:
            pytest.skip("reading another process's environment needs root here")
        environment = (proc / "environ").read_bytes().split(b"\0")
        names = {entry.partition(b"=")[0].decode() for entry in environment if entry}
        assert names <= {"LANG", "LC_CTYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}
        assert sorted(int(p.name) for p in (proc / "fd").iterdir()) == [0, 1, 2]
