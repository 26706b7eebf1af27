"""Which URLs and addresses are refused, as someone tries them who wants to get past the list."""

from __future__ import annotations

import ipaddress

import pytest

from tutela.errors import TutelaError
from tutela.outbound import Hosts, OutboundError, Reason, Target
from tutela.outbound.addresses import allowed

REFUSED = [
    "", "x", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "//example.org/",
    "http:/example.org", "http:example.org", "http://", "http:///path", "https://:443/",
    "http://ann@example.org/", "http://ann:pw@example.org/", "http://example.org@10.0.0.1/",
    "http://example.org\\@10.0.0.1/", "http://10.0.0.1\\.example.org/", "http://example.org\\x",
    "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/",
    "http://127.1/", "http://127.0.1/", "http://127.000.000.001/", "http://0/", "http://256.1.1.1/",
    "http://1.1.1.1.1/", "http://example.0x7f/", "http://example.1/", "http://0x/",
    "http://example.org./", "http://127.0.0.1./", "http://.example.org/", "http://a..b/",
    "http://[::1/", "http://::1/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/",
    "http://[::ffff:1.2.3.4.5]/", "http://[v1.x]/", "http://[]/", "http://[127.0.0.1]/",
    "http://example.org:0/", "http://example.org:65536/", "http://example.org:/",
    "http://example.org:80:80/", "http://example.org:8O/", "http://example.org:-1/",
    "http://example.org: 80/", "http://exa mple.org/", "http://example.org/a b",
    "http://example.org/\r\nX: y", "http://example.org/\n", "http://exam\tple.org/", " http://a.b/",
    "http://bücher.example/", "http://example.org/bücher", "http://\uff45xample.org/",
    "http://example。org/", "http://①②⑦.0.0.1/", "http://127。0。0。1/", "http://exam\u00adple.org/",
    "http://%31%32%37.0.0.1/", "http://example%2eorg/", "http://-a.org/", "http://a-.org/",
    f"http://{'a' * 64}.org/", f"http://{'a.' * 127}org/", "http://example.org/" + "a" * 8192,
    "http://example.org\0/", "http://example.org/\x7f", "http://example.org,10.0.0.1/",
    "http://[::1]@example.org/", "http://[::1]x/", "javascript:alert(1)", "http://*.example.org/",
]  # fmt: skip

READ = {
    "http://example.org": ("http", "example.org", 80, "/"),
    "HTTPS://Example.ORG/a?b#c": ("https", "example.org", 443, "/a?b"),
    "http://example.org?x": ("http", "example.org", 80, "/?x"),
    "http://example.org#x": ("http", "example.org", 80, "/"),
    "https://example.org:8443/": ("https", "example.org", 8443, "/"),
    "http://xn--bcher-kva.example/": ("http", "xn--bcher-kva.example", 80, "/"),
    "http://93.184.216.34/": ("http", "93.184.216.34", 80, "/"),
    "http://[2606:4700:0:0::1111]/": ("http", "2606:4700::1111", 80, "/"),
    "http://[::FFFF:127.0.0.1]:80/": ("http", "::ffff:7f00:1", 80, "/"),
    "http://example.org/@a:b\\".rstrip("\\"): ("http", "example.org", 80, "/@a:b"),
    "http://cdn_1.example.org/": ("http", "cdn_1.example.org", 80, "/"),
}

NEVER = """
0.0.0.0 0.1.2.3 169.254.169.254 169.254.0.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: fe80::1 fe80::1%eth0 febf::1 fec0::1 ff02::1 ff05::2
::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:169.254.169.254 ::127.0.0.1 ::ffff:0:127.0.0.1
64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::1 2002:7f00:1::1 2002:808:808::1 2001::1
2001:0:4136:e378::1 2001:10::1 2001:20::1 2001:db8::1 3fff::1 5f00::1 4000::1 2001:2::1
192.0.0.8 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9
"""

OWN = """
10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 172.16.0.1 172.31.255.255 192.168.1.1
::1 fc00::1 fd12:3456::1
"""

INTERNET = """
1.1.1.1 8.8.8.8 9.255.255.255 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 172.15.255.255
172.32.0.0 169.253.255.255 169.255.0.0 192.0.1.0 192.167.0.1 192.169.0.1 198.17.1.1 223.255.255.255
2606:4700:4700::1111 2a00:1450::1 2001:200::1 2001:4860:4860::8888 2003::1
"""


@pytest.mark.parametrize("url", REFUSED)
def test_what_can_be_read_in_two_ways_is_not_read(url):
    with pytest.raises(OutboundError) as refused:
        Target.of(url)
    assert refused.value.reason is Reason.URL and refused.value.exit_code == 1
    assert len(url) < 8 or url not in str(refused.value)


@pytest.mark.parametrize("url", READ)
def test_what_is_plain_is_read(url):
    found = Target.of(url)
    assert (found.scheme, found.host, found.port, found.path) == READ[url]
    assert Target.of(found.url) == found


@pytest.mark.parametrize("private", [False, True])
def test_only_addresses_of_the_internet_are_connected_to(private):
    for text in NEVER.split():
        assert not allowed(ipaddress.ip_address(text), private=private), text
    for text in OWN.split():
        assert allowed(ipaddress.ip_address(text), private=private) is private, text
    for text in INTERNET.split():
        assert allowed(ipaddress.ip_address(text), private=private), text


def test_a_host_is_listed_with_its_port_and_nothing_else_is():
    hosts = Hosts.of(["Example.org", "cdn.example.org:8443", "private:10.0.0.3:9000", "[::1]:80"])
    for url, private in {
        "http://example.org/": False, "https://EXAMPLE.org/": False,
        "https://cdn.example.org:8443/": False, "http://10.0.0.3:9000/": True,
        "http://[0::1]/": False,
    }.items():  # fmt: skip
        assert hosts.private_allowed(Target.of(url)) is private
    for url in (
        "http://example.org:8080/", "http://a.example.org/", "http://example.org.evil/",
        "http://xexample.org/", "https://cdn.example.org/", "http://10.0.0.3/", "https://[::1]/",
    ):  # fmt: skip
        with pytest.raises(OutboundError, match="is not listed") as refused:
            hosts.private_allowed(Target.of(url))
        assert refused.value.reason is Reason.NOT_LISTED


@pytest.mark.parametrize(
    "entry",
    ["", "*", "http://example.org", "example.org/", "a:b", "0x7f000001", "a.", "a:0", "ü.x"],
)
def test_an_entry_that_is_no_host_is_named(entry):
    with pytest.raises(ValueError, match="is not host, host:port") as refused:
        Hosts.of([entry])
    assert repr(entry) in str(refused.value)


def test_the_error_of_settings_names_the_place():
    from tutela.outbound import Options

    for wrong in ({"hosts": ("a b",)}, {"connect_seconds": 0}, {"largest": 0}):
        with pytest.raises((ValueError, TutelaError)):
            Options(**wrong)  # type: ignore[arg-type]
