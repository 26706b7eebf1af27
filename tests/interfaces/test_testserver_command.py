"""`tutela testserver cybertipline`, as its user meets it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest
from testing.cybertipline_client import Client, report

from tutela.errors import TutelaError
from tutela.interfaces.cli import testserver


def test_it_serves_until_it_is_interrupted_and_goes_on_from_its_state(tmp_path):
    """Also after it was killed. It says that it is not the authority's, and no secret."""
    (tmp_path / "password").write_text("hail and thunder\n")
    command = [
        sys.executable, "-m", "tutela", "testserver", "cybertipline", "--port", "0",
        "--user", "cyclist", "--password-file", "password", "--data", "state.jsonl",
    ]  # fmt: skip
    last = ""
    for stop in (signal.SIGKILL, signal.SIGINT):
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            lines: list[str] = []
            while not lines or "^C" not in lines[-1]:
                lines.append(process.stdout.readline())
            said = "".join(lines)
            address = re.search(r"address +(http://127\.0\.0\.1:[0-9]+/ispws)\n", said)
            assert address is not None and f'test_urls = ["ncmec={address[1]}"]' in said
            assert "NOT the authority's" in said and "hail" not in said
            client = Client(address[1], "cyclist", "hail and thunder")
            assert client.submit(report(at="2020-05-01T11:00:00Z")).code == 0
            process.send_signal(stop)
            last = process.stdout.read()
    assert process.returncode == 0
    assert last == "Stopped by SIGINT: 0 reports filed, 2 left open.\n"


def refused(host="127.0.0.1", password_file=None, misbehave=(), data=None) -> TutelaError:
    with pytest.raises(TutelaError) as error:
        testserver.cybertipline(host, 0, "cyclist", password_file, misbehave, 0, data)
    return error.value


def test_a_password_that_everyone_knows_is_for_this_machine_alone():
    for host in ("0.0.0.0", "::", "192.0.2.7", "bicycles.example"):
        error = refused(host)
        assert "--password-file" in error.hint and error.exit_code == 2


def test_a_password_file_that_is_empty_or_missing_is_refused(tmp_path):
    empty = tmp_path / "empty"
    empty.write_text("\n")
    assert "is empty" in refused(password_file=empty).what
    assert "cannot be read" in refused(password_file=tmp_path / "none").what


@pytest.mark.parametrize("given", ["rain", "rain=0.1", "server-error", "server-error=2", "=", ""])
def test_a_misbehaviour_that_is_none_is_wrong_use(given):
    error = refused(misbehave=[given])
    assert error.exit_code == 2 and error.hint


def test_a_state_that_cannot_be_kept_is_refused(tmp_path):
    assert "cannot be used" in refused(data=tmp_path / "none" / "state.jsonl").what


def test_the_stand_in_for_the_nca_says_that_it_is_not_the_agencys():
    """And how many reports it took."""
    command = [sys.executable, "-m", "tutela", "testserver", "nca", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or "^C" not in lines[-1]:
            lines.append(process.stdout.readline())
        said = "".join(lines)
        assert "NOT the NCA's" in said and "publishes no interface" in said
        assert re.search(r'test_urls = \["nca=http://127\.0\.0\.1:[0-9]+"\]', said)
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "Stopped by SIGTERM: 0 reports filed.\n"
    assert process.returncode == 0
