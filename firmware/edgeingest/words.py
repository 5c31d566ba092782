"""What is told of wrong arguments and data, by the name it has in `errors.wrong`. Loaded when something is wrong."""

WORDS = {
    "api_key": "api_key: a str of visible ASCII characters is needed, without space or line end",
    "boundary": "boundary: 1 to 70 letters, digits and - _ . + ' are needed, not %r",
    "ca": "ca: the path of a certificate, or its bytes, is needed, not %r",
    "category": "category: %r is none of training, testing, anomaly, split",
    "ended": "%r ended %d bytes before its size of %d",
    "field": "%s: %d bytes as a header field, at most %d can be sent",
    "files": "items: 1 to %d files go into a request, not %d",
    "item": "%s: a Sample, a File or a body is needed; %r has no %s",
    "items": "items: a Sample, a File, a body or a sequence of them is needed, not %r",
    "label": "no_label: label=%r and no_label=True exclude each other",
    "longer": "%r has more than its size of %d bytes",
    "name": "items: item %d has the name %r, as item %d has",
    "nothing": "items: there are none",
    "on_stored": "on_stored: a function is needed, not %r",
    "retry": "retry: a Retry is needed, not %r",
    "rows": "values: %r has no rows",
    "size": "%s: %d bytes; a file must have less than %d",
}
# what the service would take less of
LIMITS = ("field", "files", "size")
