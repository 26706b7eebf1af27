"""HMA's exchange APIs, and the partners here that they are; each setting by HMA's name for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tutela.exchanges import partners
from tutela.exchanges.ncmec import bases

HIDDEN = frozenset({"url", "path"})
"""Kinds of settings that are an operator's alone: where a test server is, which files are read."""

ENVIRONMENTS = {
    url: (audience, environment)
    for audience, both in bases.BASES.items()
    for environment, url in both.items()
}
UNSAID = "unsaid"
"""The user name of an exchange that nobody has said yet how to sign in for: nothing is fetched."""


class Unparsed(Exception):
    """What a client said of an exchange cannot be: why."""


def _field(name: str, kind: str, help_: str, **more: Any) -> dict[str, Any]:
    made = {"name": name, "type": kind, "help": help_, "required": True, "default": None,
            "choices": None}  # fmt: skip
    return made | more


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise Unparsed(f'missing value for field "{name}"')
    return value


def _number(value: Any, name: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise Unparsed(f'wrong value type for field "{name}"')
    return value


@dataclass(frozen=True)
class Api:
    """One of HMA's APIs: of a partner without settings, unless it says more."""

    name: str
    partner: str
    main: str = ""
    """The role whose bank is called as the exchange, where there are several."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Credentials that are secrets here, by another name."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Credentials that are settings here."""
    fields: tuple[dict[str, Any], ...] = ()
    credentials: tuple[dict[str, Any], ...] = ()

    def config(self, given: Mapping[str, Any]) -> dict[str, str]:
        """The partner's settings. Raises `Unparsed`."""
        return {}

    def shown(self, config: Mapping[str, str]) -> dict[str, Any]:
        """The same, as HMA's clients know them."""
        return {}

    def admission(self, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Of credentials, what are settings of the partner, and what are its secrets."""
        secrets = {self.renamed[name]: given[name] for name in self.renamed if given.get(name)}
        return {own: given.get(name, "") for name, own in self.settings.items()}, secrets


class ThreatExchange(Api):
    """Meta's."""

    def config(self, given: Mapping[str, Any]) -> dict[str, str]:
        if given.get("privacy_group") is None:
            raise Unparsed('missing value for field "privacy_group"')
        return {"privacy_group": str(_number(given["privacy_group"], "privacy_group"))}

    def shown(self, config: Mapping[str, str]) -> dict[str, Any]:
        return {"privacy_group": int(config["privacy_group"])}


class Ncmec(Api):
    """NCMEC's hash sharing: HMA names its audiences and environments by their addresses."""

    def config(self, given: Mapping[str, Any]) -> dict[str, str]:
        url = _text(given, "environment")
        if url not in ENVIRONMENTS:
            raise Unparsed('wrong value for field "environment"')
        members = given.get("only_esp_ids", [])
        if not isinstance(members, list) or len(members) > 100:
            raise Unparsed('wrong value type for field "only_esp_ids"')
        numbers = sorted({_number(one, "only_esp_ids") for one in members})
        audience, environment = ENVIRONMENTS[url]
        return {
            "audience": audience, "environment": environment, "user": UNSAID,
            "only_members": ",".join(map(str, numbers)),
        }  # fmt: skip

    def shown(self, config: Mapping[str, str]) -> dict[str, Any]:
        members = [one.strip() for one in config.get("only_members", "").split(",")]
        return {
            "environment": bases.BASES[config["audience"]][config["environment"]],
            "only_esp_ids": [int(one) if one.isdecimal() else one for one in members if one],
        }


APIS: dict[str, Api] = {one.name: one for one in (
    Api("sample", "sample"),
    ThreatExchange(
        "fb_threatexchange", "threatexchange", renamed={"api_token": "access_token"},
        fields=(_field("privacy_group", "number", "ThreatPrivacyGroup ID for this collaboration"),),
        credentials=(_field("api_token", "string", "Meta app access token: APP|SECRET."),),
    ),
    Ncmec(
        "ncmec", "ncmec", "known", renamed={"password": "password"}, settings={"user": "user"},
        fields=(
            _field("environment", "enum", "Which of its lists, and its test system or production.",
                   choices=[*ENVIRONMENTS]),
            _field("only_esp_ids", "set_of_number", "Members whose entries alone are taken.",
                   required=False, default=[]),
        ),
        credentials=(
            _field("user", "string", "The user name that it gave."),
            _field("password", "string", "The password that it gave."),
        ),
    ),
    Api(
        "stop_ncii", "stopncii",
        renamed={"fetch_function_key": "function_key", "subscription_key": "subscription_key"},
        settings={"base_url_override": "url"},
        credentials=(
            _field("fetch_function_key", "string", "The key of its function FetchHashes."),
            _field("subscription_key", "string", "The key of the subscription."),
            _field("base_url_override", "string", "Address of a test server in its place.",
                   required=False),
        ),
    ),
)}  # fmt: skip
"""By name, in HMA's order."""

BY_PARTNER: dict[str, Api] = {one.partner: one for one in APIS.values()}


def installed() -> list[str]:
    """Names of those whose partner is there."""
    there = partners.installed()
    return [name for name, api in APIS.items() if api.partner in there]


def shown(partner: str, config: Mapping[str, str]) -> dict[str, Any]:
    """The settings of an exchange, also of one with a partner that HMA does not know."""
    if partner in BY_PARTNER:
        return BY_PARTNER[partner].shown(config)
    fields = {one.name for one in partners.named(partner).fields if one.kind not in HIDDEN}
    return {name: text for name, text in config.items() if name in fields and text}


def credentials(api: Api, given: Mapping[str, Any]) -> dict[str, str]:
    """Credentials that a client sent; what is not asked for is passed over. Raises `Unparsed`."""
    made = {}
    for one in api.credentials:
        name, text = one["name"], given.get(one["name"])
        if text is None or text == "":
            if one["required"]:
                raise Unparsed(f'missing value for field "{name}"')
            continue
        if not isinstance(text, str):
            raise Unparsed(f'wrong value type for field "{name}"')
        made[name] = text
    return made


def is_test(partner: str, config: Mapping[str, str]) -> bool:
    """Whether an exchange speaks to a test system, or to nobody."""
    return bool(
        not partners.named(partner).fields or config.get("url")
        or config.get("environment") == bases.TEST
    )  # fmt: skip
