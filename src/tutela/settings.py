"""Every setting: from the environment (`TUTELA_…`), else `tutela.toml`, else its default.

`docs/settings.md` lists them; a test compares.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import ClassVar

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from tutela.decoding.limits import Limits
from tutela.decoding.options import Options
from tutela.errors import TutelaError


class SettingsError(TutelaError):
    """A setting that is not one, or whose value cannot be used."""


class Decoding(BaseSettings):
    """How files are turned into signals."""

    model_config = SettingsConfigDict(extra="forbid")

    processes: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="Decoder processes; 0 means one for each processor. Each takes 80 MB idle.",
    )
    limits: Limits = Limits()


class Settings(BaseSettings):
    """All settings of one process."""

    FILE: ClassVar[str] = "TUTELA_CONFIG"
    """The environment variable that names the settings file; default `tutela.toml`."""

    model_config = SettingsConfigDict(
        env_prefix="TUTELA_", env_nested_delimiter="__", extra="forbid"
    )

    signals: Options = Options()
    decoding: Decoding = Decoding()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - no .env is read
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - nor a secrets folder
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, toml_file=_file()),
        )


def _file() -> Path:
    return Path(os.environ.get(Settings.FILE, "tutela.toml"))


def load() -> Settings:
    """The settings of this process; raises `SettingsError` naming each fault and its place."""
    named = os.environ.get(Settings.FILE)
    if named and not _file().is_file():
        raise SettingsError(
            f"The settings file {named} does not exist.", f"Unset {Settings.FILE}, or write it."
        )
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(p) for p in fault['loc'])}: {fault['msg']}" for fault in error.errors()
        )
        raise SettingsError(f"Settings: {faults}.", "See docs/settings.md.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{_file()} is not valid TOML: {error}.") from None
    except OSError as error:
        raise SettingsError(f"{_file()} cannot be read: {error.strerror}.") from None
