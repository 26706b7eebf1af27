"""Makes the calls of an authority's machine, through the one door, to the one host."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tutela.outbound import Hosts, Outbound, OutboundError, Target
from tutela.reporting.authorities import Answer, Authority, Call, Environment, Lost
from tutela.reporting.errors import NotConfigured
from tutela.reporting.options import Options
from tutela.reporting.uploading import Upload

LARGEST = 1 << 20
"""Bytes of an answer; those of the CyberTipline have some hundred."""

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Said:
    """A call as it was made, and what came back. `headers` are without what signs us in."""

    headers: Mapping[str, str]
    body: bytes
    answer: Answer | Lost


@dataclass(frozen=True, slots=True)
class Line:
    """How an authority is spoken to. Any thread may use it."""

    outbound: Outbound
    options: Options
    address: str
    private: bool
    user: str
    password: str = field(repr=False)

    def seconds(self, call: Call) -> float:
        """How long a call may take."""
        size = 0 if call.file is None else call.file.size
        return self.options.call_seconds + size / self.options.upload_slowest

    def say(self, call: Call, upload: Upload | None = None, largest: int = LARGEST) -> Said:
        """Make a call. Raises what reading the file raises: then no whole call was made."""
        url = f"{self.address}{call.path}"
        headers, body = dict(call.headers), call.body
        if upload is not None:
            headers["Content-Type"] = upload.content_type
        elif call.fields:
            headers["Content-Type"], body = FORM, urlencode(call.fields).encode()
        try:
            hosts = Hosts.only(Target.of(url), private=self.private)
            sent = {**headers, "Authorization": self._basic()}
            if call.method == "GET":
                reply = self.outbound.fetch(
                    url, headers=sent, hosts=hosts, largest=largest, seconds=self.seconds(call),
                    redirects=0,
                )  # fmt: skip
            else:
                reply = self.outbound.post(
                    url,
                    body if upload is None else upload,
                    sent,
                    length=None if upload is None else upload.length,
                    hosts=hosts,
                    largest=largest,
                    seconds=self.seconds(call),
                    patience=self.options.call_seconds,
                )
        except OutboundError as error:
            return Said(headers, body, Lost(error.what, error.sent))
        md5 = "" if upload is None else upload.md5
        return Said(headers, body, Answer(reply.status, reply.headers, reply.body, md5))

    def _basic(self) -> str:
        pair = f"{self.user}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


def address(authority: Authority, environment: str, options: Options) -> tuple[str, bool]:
    """Where an authority is, and whether that may be in the own network: only where the operator
    wrote it. Raises `NotConfigured` for a test server at the host that is meant for real."""
    real = authority.addresses[Environment.PRODUCTION]
    if environment == Environment.PRODUCTION:
        return real, False
    own = options.test_addresses().get(authority.name)
    found = own or authority.addresses[Environment.TEST]
    if Target.of(found).host == Target.of(real).host:
        raise NotConfigured(
            f"The test server that is set for {authority.name} is the authority's own, for real.",
            "Correct the setting reporting.test_urls.",
        )
    return found, own is not None
