"""h11 as an oracle: reads replies with an independent parser."""

import h11


def read_by_h11(data, closed):
    """Returns (status, body, headers, kept), or None if h11 refuses the reply or finds no end."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="POST", target="/", headers=[("Host", "h"), ("Content-Length", "0")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    if closed:
        connection.receive_data(b"")
    response, body = None, b""
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                assert response is not None  # h11 does not end a message before its beginning
                kept = connection.their_state is h11.DONE
                return response.status_code, bytes(body), list(response.headers), kept, response.http_version
            elif event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return None
    except h11.RemoteProtocolError:
        return None
