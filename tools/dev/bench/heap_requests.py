"""Uploads as many bytes as heap_signed with requests, unsigned, from a generator that holds one buffer."""

import sys

import requests


def pieces(size):
    buffer = memoryview(bytearray(2048))
    while size:
        n = min(size, 2048)
        yield buffer[:n]
        size -= n


def main(url, ca, rows):
    size = 16 * rows
    headers = {"X-Api-Key": "ei_bench", "X-File-Name": "bench.cbor", "Content-Length": str(size)}
    print(len(requests.post(url + "/api/training/data", data=pieces(size), headers=headers).content))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
