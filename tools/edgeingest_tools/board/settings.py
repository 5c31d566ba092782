"""The settings that `edgeingest provision` puts on a board: one schema for file, environment and prompts.

No error text contains a value, because it may be a secret.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from edgeingest_tools.board.link import BoardError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SERVICE = "https://ingestion.edgeimpulse.com"
PREFIX = "EDGEINGEST_"
SECRETS = ("wifi_password", "api_key", "hmac_key")
Text = Annotated[str, Field(min_length=1)]


class Settings(BaseModel):
    """The keys of /edgeingest.json, all texts; here `ca` is a certificate file on this computer."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    wifi_ssid: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    wifi_password: SecretStr | None = None
    api_key: SecretStr
    hmac_key: SecretStr | None = None
    url: Text = SERVICE
    ca: Text | None = None
    label: Text | None = None
    device_name: Text | None = None
    device_type: Text | None = None

    @field_validator("api_key", "hmac_key")
    @classmethod
    def _is_visible_ascii(cls, key: SecretStr | None) -> SecretStr | None:
        """Keys are used in a header or a hash without any encoding."""
        text = key.get_secret_value().strip() if key else ""
        if key is not None and not (text and text.isascii() and text.isprintable() and " " not in text):
            raise ValueError("visible ASCII characters without spaces are needed, as the project's dashboard shows it")
        return SecretStr(text) if key else None

    @field_validator("wifi_password")
    @classmethod
    def _has_valid_length(cls, password: SecretStr | None) -> SecretStr | None:
        """IEEE 802.11: a passphrase has 8 to 63 characters, a key 64 hexadecimal digits."""
        if password is not None and not 8 <= len(password.get_secret_value().encode()) <= 64:
            raise ValueError("8 to 64 bytes are needed; leave it out for an open network")
        return password

    @field_validator("url")
    @classmethod
    def _is_origin(cls, url: str) -> str:
        parts = urlsplit(url)
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query
        # parts.port raises ValueError if the port is not a number.
        if wrong or parts.port == 0 or parts.path.strip("/") or parts.fragment:
            raise ValueError(f"scheme, host and port are needed, such as {SERVICE}")
        return url.rstrip("/")

    @property
    def https(self) -> bool:
        return self.url.startswith("https:")

    def for_board(self) -> dict[str, str]:
        """Returns the settings that are written to the board, with their secrets."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        plain = {name: each.get_secret_value() if isinstance(each, SecretStr) else each for name, each in found.items()}
        return {name: each for name, each in plain.items() if each is not None}


def masked(values: Mapping[str, Any]) -> dict[str, str]:
    """Returns the settings for a terminal, with a fixed text in place of each secret."""
    return {name: "(set, not shown)" if name in SECRETS and value else str(value) for name, value in values.items()}


def checked(values: Mapping[str, Any], where: str) -> Settings:
    """Returns the settings. Raises BoardError, which names the wrong keys and no values."""
    lines = errors(values)
    if lines:
        raise BoardError(f"{where}: {'; '.join(lines)} (keys: {', '.join(Settings.model_fields)})")
    return Settings.model_validate(dict(values))


def errors(values: Mapping[str, Any]) -> list[str]:
    """Returns a text for each wrong setting, which names the key and not the value."""
    try:
        Settings.model_validate(dict(values))
        return []
    except ValidationError as error:
        lines = []
        for each in error.errors(include_input=False, include_url=False):
            key = ".".join(map(str, each["loc"]))
            text = "there is no such key" if each["type"] == "extra_forbidden" else each["msg"]
            text = "it is missing" if each["type"] == "missing" else text.removeprefix("Value error, ")
            lines.append(f"{key}: {text}")
        return lines


def from_file(path: Path) -> dict[str, Any]:
    """Returns the settings in a TOML file, unchecked. Raises BoardError if it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BoardError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BoardError(f"{path} is no TOML: it is not in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise BoardError(f"{path} is no TOML: {error}") from None


def from_environment() -> dict[str, str]:
    """Returns the settings in EDGEINGEST_API_KEY and the like, without empty ones."""
    names = {PREFIX + name.upper(): name for name in Settings.model_fields}
    return {names[name]: value for name, value in os.environ.items() if name in names and value}


def as_json(values: Mapping[str, str]) -> bytes:
    """Returns the content of /edgeingest.json."""
    return json.dumps(values, indent=1).encode() + b"\n"
