"""Django: a form's field screens its file, so that no view and no model sees what was not allowed.

pip install 'tutela[client]' django
TUTELA_URL=http://127.0.0.1:8377 TUTELA_KEY=tut_… python django_app.py
"""

from __future__ import annotations

import os
import secrets
from typing import Any
from wsgiref.simple_server import make_server

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from tutela.client import Problem, Tutela

tutela = Tutela(os.environ["TUTELA_URL"], os.environ["TUTELA_KEY"], patience=5)
settings.configure(
    ROOT_URLCONF=__name__,
    SECRET_KEY=secrets.token_hex(),
    ALLOWED_HOSTS=["127.0.0.1"],
    FILE_UPLOAD_HANDLERS=["django.core.files.uploadhandler.MemoryFileUploadHandler"],
    FILE_UPLOAD_MAX_MEMORY_SIZE=32 << 20,  # what is not screened yet is not written to a disk
)


class ScreenedField(forms.FileField):
    """A file that was allowed."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if file is None:
            return file
        try:
            found = tutela.screen(file, {"item": {"channel": "public"}})
        except Problem:
            raise ValidationError("Uploads cannot be taken now.", code="undecided") from None
        if not found.allowed:
            raise ValidationError(found.public_reason, code="refused")
        file.seek(0)
        return file


class Upload(forms.Form):
    picture = ScreenedField()


def store(request: HttpRequest) -> JsonResponse:
    """What a form gives as clean was allowed."""
    form = Upload(request.POST, request.FILES)
    if form.is_valid():
        return JsonResponse({"stored": form.cleaned_data["picture"].size})
    undecided = form.has_error("picture", "undecided")
    return JsonResponse({"detail": form.errors["picture"][0]}, status=503 if undecided else 422)


urlpatterns = [path("pictures", store)]
application = get_wsgi_application()

if __name__ == "__main__":
    make_server("127.0.0.1", int(os.environ.get("PORT", "8000")), application).serve_forever()
