"""h11 as an oracle: what a reply is, to a parser that nobody here wrote."""

import h11


def read_by_h11(data, closed):
    """(status, body, headers, kept), or None if h11 refuses it or finds no end."""
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
                assert response is not None  # h11 ends no message that has not begun
                kept = connection.their_state is h11.DONE
                return response.status_code, bytes(body), list(response.headers), kept, response.http_version
            elif event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return None
    except h11.RemoteProtocolError:
        return None
