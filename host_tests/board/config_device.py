"""Runs on MicroPython: loads the configuration of a board from a file with a given text."""

import os

from edgeingest import Client, config


def load(path, text):
    with open(path, "wb") as file:
        file.write(text)
    try:
        return config.load(path)
    finally:
        os.remove(path)


def values(path, text, keys):
    """Returns ([value of each key], repr)."""
    made = load(path, text)
    return [getattr(made, key) for key in keys], repr(made)


def makes_a_client(path, text):
    """Returns whether client() gives a Client."""
    with load(path, text).client(buffer_size=512) as made:
        return isinstance(made, Client)


class Arguments:
    """A client of another class, which keeps what it is made with."""

    def __init__(self, api_key, **arguments):
        self.found = [api_key, arguments["url"], arguments["ca"], arguments["hmac_key"], len(arguments)]


def client_arguments(path, text, **more):
    """Returns [api_key, url, ca, hmac_key, number of named arguments] with which client() makes a client."""
    return load(path, text).client(Arguments, **more).found
