"""The base of all tables in board.toml and chips.toml: a key that is not known is an error."""

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table of a TOML file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
