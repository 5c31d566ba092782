"""Errors with another text: without the API key, where a peer sent it back to us. Loaded when there is an error."""

_MARK = 8  # this much of a key is enough to recognise one that was cut off


def mask(text, secret):
    """The text with `***` for each place where the key, or its beginning, stands."""
    start = text.find(secret[:_MARK])
    while start >= 0:
        end = start
        while end < len(text) and end - start < len(secret) and text[end] == secret[end - start]:
            end += 1
        text = text[:start] + "***" + text[end:]
        start = text.find(secret[:_MARK], start + 3)
    return text


def masked(error, secret):
    """The error; or one of its class with the same attributes, without the key."""
    told = str(error), getattr(error, "body", ""), list(getattr(error, "results", ()))
    text = mask(told[0], secret)
    body = mask(told[1], secret)
    # The text has the first failure only.
    results = [mask(result, secret) if isinstance(result, str) else result for result in told[2]]
    if (text, body, results) == told:
        return error
    made = remade(error, text)
    if hasattr(error, "body"):
        made.body = body
    if hasattr(error, "results"):
        made.results = results
    return made


def remade(error, text):
    """An error of the same class with the same attributes, and this text."""
    made = type(error)(text)
    for name in ("errno", "sent", "status", "body", "retry_after", "results"):
        if hasattr(error, name):
            setattr(made, name, getattr(error, name))
    return made
