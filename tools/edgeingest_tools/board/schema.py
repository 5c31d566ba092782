"""Files with a schema, TOML or JSON: read, checked, and refused with the name of the file and of the field."""

import json
import sys
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_Model = TypeVar("_Model", bound="Table")


class SchemaError(Exception):
    """A file is not what it should be; each line of the text names the file and the field."""


class Table(BaseModel):
    """A table of such a file: no other fields than these, and no text where a number belongs."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def read(path: Path, model: type[_Model]) -> _Model:
    """The content of a file as the model has it; TOML, unless its name ends in .json."""
    try:
        text = path.read_text(encoding="utf-8")
        found: Any = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        return model.model_validate(found)
    except ValidationError as error:
        raise SchemaError("\n".join(_complaints(path, error))) from None
    except OSError as error:
        raise SchemaError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:  # JSON's, TOML's and UTF-8's
        raise SchemaError(f"{path} is no {'JSON' if path.suffix == '.json' else 'TOML'}: {error}") from None


def _complaints(path: Path, error: ValidationError) -> list[str]:
    lines = []
    for each in error.errors():
        field = ".".join(str(part) for part in each["loc"])
        lines.append(f"{path}: {field + ': ' if field else ''}{each['msg']}")
    return lines
