"""The error that the service answers with, and functions that quote a client's value in an error text."""


class Refusal(Exception):
    """Raised for a request that is not stored: the HTTP status, and a text that names the mistake and the fix."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


def brief(value: object, limit: int = 60) -> str:
    """Returns the value's repr(), cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def printable(text: str) -> str:
    """Returns the text without control characters: names and labels come from clients and could steer a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
