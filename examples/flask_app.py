"""Flask: a route asks before it stores.

pip install 'tutela[client]' flask
TUTELA_URL=http://127.0.0.1:8377 TUTELA_KEY=tut_… python flask_app.py
"""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, request

from tutela.client import Problem, Tutela

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 32 << 20
tutela = Tutela(os.environ["TUTELA_URL"], os.environ["TUTELA_KEY"], patience=5)


@app.post("/pictures")
def store() -> tuple[dict[str, Any], int]:
    """Nothing that was not allowed is stored: no answer is no verdict."""
    picture = request.files["picture"]
    try:
        found = tutela.screen(picture.stream, {"item": {"channel": "public"}})
    except Problem as error:
        app.logger.error("an upload was not screened: %s", error)
        return {"detail": "Uploads cannot be taken now."}, 503
    if not found.allowed:
        return {"detail": found.public_reason}, 422
    picture.stream.seek(0)
    return {"stored": len(picture.stream.read())}, 200


if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ.get("PORT", "8000")))
