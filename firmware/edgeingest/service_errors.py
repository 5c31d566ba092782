"""Replies other than success: duplicates, refusals with advice, nonsense; no key is shown in what a peer says. Loaded
when one comes, which must not take much heap.

Sources: the service's documentation, "Ingestion API", and what its own clients read.
"""

from micropython import const

from .errors import FilesError, ProtocolError, ServiceError, set_text

_PARSED = const(400)  # bytes of an error in JSON that are parsed: more than are shown
_SHOWN = const(7)  # so many characters of a key in a row may be in an error: fewer than are worth anything
_DUPLICATE = const("An item with this hash already exists")


def nonsense(body):
    """Returns the error for a reply that is not what the documentation says."""
    return ProtocolError(
        "the service's answer is not what it should be (check url), or too large for the heap: %r" % body[:80]
    )


def wrong_count(count, total):
    """Returns the error for a reply with results for another number of files than were sent."""
    return ProtocolError("the service answered for %d files, %d were sent" % (count, total))


def coded(status, coding, header):
    """Returns the error for a reply whose body is in a content coding, so that what it says is not known."""
    words = "a text that cannot be read here: its Content-Encoding is %r" % coding[:40]
    if status >= 500 or status in (401, 408, 425, 429) or 300 <= status < 400:
        error = refusal(status, words, header)  # the status alone says what to do
        error.body = ""
        return error
    return ProtocolError("the service answered %d with %s (check url: does a proxy compress?)" % (status, words))


def reason(error):
    """Returns why a file was not stored, from its result; None if the service has these bytes already."""
    words = joined_surrogates(error) or "no reason was given"
    return None if words.startswith(_DUPLICATE) else words[:200]


def files_error(bodies, results):
    """Returns the FilesError for a request of which some files were not stored: those whose result is a str."""
    refused = [i for i in range(len(results)) if isinstance(results[i], str)]
    first = refused[0]
    words = "%r: %s" % (bodies[first].name, results[first][:200])
    text = "%d of %d files were not stored; %s" % (len(refused), len(results), words)
    return FilesError(text, 200, words, None, results)


def joined_surrogates(value):
    """Returns a str, or None for another value. MicroPython's JSON leaves \\ud83d\\ude00 as two halves: joined here."""
    if not isinstance(value, str):
        return None
    data = bytearray(value, "utf-8", "surrogatepass")  # a half has three bytes: ED, A0 and more, and one of 6 bits
    high = 0
    at = data.find(b"\xed")
    while at >= 0:
        if data[at + 1] < 0xA0:
            at += 3
        else:
            half = (data[at + 1] & 0x1F) << 6 | data[at + 2] & 0x3F
            whole = b""
            if half < 0x400:
                high = half
            else:
                whole = chr(0x10000 + (high << 10) + (half & 0x3FF)).encode()
            data[at : at + 3] = whole
            at += len(whole)
        at = data.find(b"\xed", at)
    return data.decode()


def is_whole(text, start, end):
    """True if the braces outside of strings are balanced there."""
    depth = 0
    while True:
        quote = text.find(b'"', start, end)
        stop = end if quote < 0 else quote
        depth += text.count(b"{", start, stop) - text.count(b"}", start, stop)
        if quote < 0:
            return depth == 0
        start = _end_of_string(text, quote + 1, end) + 1
        if not start:
            return False


def _open_escape(text, start, end):
    """Returns 1 if the last of these bytes is a backslash that belongs to what follows, or 0."""
    at = end
    while at > start and text[at - 1] == 0x5C:
        at -= 1
    return (end - at) % 2


def _end_of_string(text, start, end):
    """Returns where the quote is that ends a string of JSON; -1 if it does not end there."""
    at = text.find(b'"', start, end)
    while at >= 0 and _open_escape(text, start, at):
        at = text.find(b'"', at + 1, end)
    return at


def with_short_error(text, start, end):
    """Returns a part of JSON text in which a long value of `error` is cut: to parse it takes three times its size."""
    at = text.find(b'"error"', start, end) + 7
    first = text.find(b'"', at, end) + 1
    if at < 7 or text[at : first - 1].strip() != b":":
        return text[start:end]
    last = _end_of_string(text, first, end)
    if last < 0:  # the rest is to come
        last = end - _open_escape(text, first, end)
    if last - first <= _PARSED:
        return text[start:end]
    kept = text[first : first + _PARSED]
    escape = kept.rfind(b"\\", _PARSED - 6)
    if escape >= 0 and _open_escape(kept, 0, escape + 1):  # it may be cut
        kept = kept[:escape]
    while kept and kept[-1] & 0xC0 == 0x80:  # and so may the last character
        kept = kept[:-1]
    if kept and kept[-1] >= 0xC0:
        kept = kept[:-1]
    # With spaces it has its length again: what is still to come is cut off, too.
    return b"".join((text[start:first], kept, b" " * (_PARSED - len(kept)), text[last:end]))


def _words(value, body):
    """Returns the service's words: the member `error` of a JSON object, or the text of the reply."""
    error = joined_surrogates(value.get("error")) if isinstance(value, dict) else None
    if error is not None:
        return error
    try:
        return body.decode().strip()
    except UnicodeError:
        return "".join([chr(b) if 32 <= b < 127 else "?" for b in body[:200]])


def _read(status, body, value, header):
    """Returns the service's words, or None for a duplicate. Raises the ServiceError for a refusal."""
    words = _words(value, body)
    if words.startswith(_DUPLICATE):
        return None
    if not 200 <= status < 300 or isinstance(value, dict) and value.get("success") is False:
        raise refusal(status, words, header)
    return words


def stored_name(status, body, value, header, cut):
    """Returns the name in a reply of `data`, or None for a duplicate; or raises the error.

    value: the body as JSON, or None. header: gives the value of a header field by its name. cut: there is more of it.
    """
    words = _read(status, body, value, header)
    if words is None:
        return None
    # JSON, or the page of a network that wants a log-in, is no name.
    page = words.startswith('{"') or "\n" in words or "<html" in words.lower() or "<!doctype" in words.lower()
    if isinstance(value, dict) or not words or page or cut:
        raise ProtocolError(
            "the service took it, but did not say the name it stored the data under: %r (check url; a network that "
            "wants a log-in answers like this)" % words[:80]
        )
    return words


def check_duplicates(status, body, value, header):
    """Returns if a reply of `files` without results means that all of them are duplicates; or raises the error."""
    if _read(status, body, value, header) is not None:
        raise nonsense(body)


def refusal(status, words, header=None):
    """Returns the error for a status and the service's words."""
    text = "the service answered %d: %s" % (status, words[:200] or "(nothing)")
    if status == 401:
        text += " (check api_key)"
    elif 300 <= status < 400:
        text += " (redirects are not followed: check url)"
    elif status in (404, 405):
        text += " (this is not the ingestion service: check url)"
    elif status == 413:
        text += " (send fewer or smaller files at once)"
    elif status == 429 or status >= 500:
        text += " (try again later)"
    elif status == 400 and ("HTTPS" in words or "SSL" in words):  # servers that took plain HTTP for a handshake
        text += " (https:// instead?)"
    asked = header("retry-after") if header else None
    if asked is not None:
        from .retry_after import seconds

        asked = seconds(asked, header("date"))
    return ServiceError(text, status, words[:200], asked)


def without_keys(error, keys):
    """Returns the error; or one of its class with the same attributes and `***` where a peer had sent part of a key."""
    text = _masked(str(error), keys)
    if text != str(error):
        set_text(error, text)
    if hasattr(error, "body"):
        error.body = _masked(error.body, keys)
    results = getattr(error, "results", None) or []
    for i in range(len(results)):
        result = results[i]
        if isinstance(result, str):
            results[i] = _masked(result, keys)
        elif result:
            number = str(result.sample_id)
            number = result.sample_id if _masked(number, keys) == number else None
            results[i] = type(result)(_masked(result.file_name, keys), number, result.duplicate)
    return error


def _masked(text, keys):
    """Replaces the keys, and every part of them that is longer than _SHOWN or the whole of a short key."""
    for key in keys:
        if not key:
            continue
        if not isinstance(key, str):
            key = key.decode()
        least = min(len(key), _SHOWN + 1)
        for i in range(len(key) - least + 1):
            part = key[i : i + least]
            at = text.find(part)
            while at >= 0:
                end = at + least
                while end < len(text) and text[at : end + 1] in key:
                    end += 1
                text = text[:at] + "***" + text[end:]
                at = text.find(part, at + 3)
    return text
