"""How the service says no, and how a value from a client is quoted in such a text."""


class Refusal(Exception):
    """A request that is not stored: the HTTP status and a text that says what is wrong and what to do."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


def brief(value: object, limit: int = 60) -> str:
    """The value as it looks in Python, short enough for one line."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def printable(text: str) -> str:
    """The text without anything that could steer a terminal: names and labels come from strangers."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
