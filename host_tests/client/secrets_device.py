"""Runs on MicroPython: what the errors of calls show of keys that a peer sends back."""

from edgeingest import Client, File, errors
from edgeingest.spool import Spool


def texts_of(error):
    """Returns all that an error shows."""
    return [str(error), repr(error)] + [repr(getattr(error, name, "")) for name in ("body", "results", "args")]


def outcome(call, url, key, hmac_key):
    """Makes a call that fails; returns (the class of the error, its texts)."""
    client = Client(key, url=url, hmac_key=hmac_key)
    items = [File(b"a", name="a.wav"), File(b"b", name="b.wav")]
    try:
        if call == "send":
            client.send("training", items[0])
        else:
            client.upload("training", items)
    except errors.IngestError as e:
        return type(e).__name__, texts_of(e)
    finally:
        client.close()


def shown(texts, keys):
    """Returns what is shown of each text, wherever it is in an error; "" if not everywhere the same."""
    from edgeingest.service_errors import without_keys

    found = []
    for text in texts:
        error = without_keys(errors.FilesError(text, 200, text, None, [text, None]), keys)
        same = str(error) == error.body == error.results[0] == error.args[0] and error.status == 200
        found.append(str(error) if same else "different")
    return found


def spooled(folder, url, key, hmac_key):
    """Puts an entry that the service refuses, and flushes; returns what the result shows."""
    spool = Spool(folder, max_bytes=20000)
    spool.put("training", File(b"a", name="a.wav"))
    with Client(key, url=url, hmac_key=hmac_key) as client:
        return repr(spool.flush(client))
