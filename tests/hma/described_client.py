"""A client made from the description of the routes alone: what it does not say, cannot be asked."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema_rs
import urllib3


class Client:
    """Calls operations by their ids; answers must be of the described shape."""

    def __init__(self, pool: urllib3.HTTPConnectionPool, base: str) -> None:
        """`base` is all that a client is told: Coop's ends in a slash."""
        self.pool, self.base = pool, base
        document = self._sent("GET", "/openapi/openapi.json")
        self.operations = {
            one["operationId"]: (method.upper(), path, one)
            for path, methods in document["paths"].items()
            for method, one in methods.items()
        }

    def call(self, name: str, body: Any = None, /, form: dict[str, Any] | None = None,
             **given: Any) -> Any:  # fmt: skip
        """The answer. Raises `Answered` for one that is no success."""
        method, path, operation = self.operations[name]
        known = {one["name"]: one for one in operation["parameters"]}
        assert given.keys() <= known.keys(), (name, given)
        query = {}
        for key, value in given.items():
            text = value if isinstance(value, str) else json.dumps(value)
            if known[key]["in"] == "path":
                path = path.replace(f"{{{key}}}", quote(text, safe=""))
            else:
                query[key] = text
        more: dict[str, Any] = {}
        content = operation.get("requestBody", {}).get("content", {})
        if body is not None:
            jsonschema_rs.validate(content["application/json"]["schema"], body)
            more = {"body": json.dumps(body), "headers": {"content-type": "application/json"}}
        if form is not None:
            assert form.keys() <= content["multipart/form-data"]["schema"]["properties"].keys()
            more = {"fields": form}
        found = self._sent(method, f"{path}?{urlencode(query)}" if query else path, **more)
        (success,) = (one for code, one in operation["responses"].items() if code != "4XX")
        jsonschema_rs.validate(success["content"]["application/json"]["schema"], found)
        return found

    def _sent(self, method: str, path: str, **more: Any) -> Any:
        reply = self.pool.request(method, f"{self.base}{path}", retries=False, **more)
        found = json.loads(reply.data)
        if reply.status not in (200, 201):
            raise Answered(reply.status, found)
        return found


class Answered(Exception):
    """The service refused."""

    def __init__(self, status: int, said: Any) -> None:
        super().__init__(status, said)
        self.status = status
