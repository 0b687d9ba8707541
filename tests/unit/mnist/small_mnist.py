"""A small stand-in for MNIST: the same four files, a program that gets them, and mirrors."""

import gzip
import hashlib
import http.server
import os
import threading

from benchm import idx
from datasets import mnist

# A data set of the same files, but small.
CONTENT = {
    idx.TRAIN_IMAGES: idx.encode((300, 28, 28), os.urandom(300 * 784)),
    idx.TRAIN_LABELS: idx.encode((300,), bytes(i % 10 for i in range(300))),
    idx.TEST_IMAGES: idx.encode((100, 28, 28), os.urandom(100 * 784)),
    idx.TEST_LABELS: idx.encode((100,), bytes(i % 10 for i in range(100))),
}
EXPECTED = {
    name: mnist.Expected(len(data), hashlib.sha256(data).hexdigest())
    for name, data in CONTENT.items()
}
NAME = idx.TEST_IMAGES  # the file that is spoilt below
GZIPPED = gzip.compress(CONTENT[NAME])


def flipped(data, place):
    data = bytearray(data)
    data[place] ^= 0xFF
    return bytes(data)


#: How a gzipped file can be wrong, and what the message must say.
WRONG = {
    "truncated": (GZIPPED[: len(GZIPPED) // 2], "cut short"),
    "truncated by one byte": (GZIPPED[:-1], "cut short"),
    "empty": (b"", "cut short"),
    "checksum of gzip": (flipped(GZIPPED, -6), "not a sound gzip file"),
    "not gzipped": (CONTENT[NAME], "not a sound gzip file"),
    "a web page": (b"<html>Please log in</html>", "not a sound gzip file"),
    "another file": (gzip.compress(flipped(CONTENT[NAME], 1000)), "wrong file, expected SHA-256"),
    "shorter": (gzip.compress(CONTENT[NAME][:-1]), "cut short, expected 78416 bytes"),
    "longer": (gzip.compress(CONTENT[NAME] + b"\0"), "wrong file, expected 78416 bytes"),
    "a bomb": (gzip.compress(bytes(50_000_000)), "wrong file, expected 78416 bytes"),
}


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def assert_complete(output):
    assert idx.verify(output) == []
    found = contents(output)
    assert found.keys() == {*idx.FILES, idx.SUMS}
    assert {name: found[name] for name in CONTENT} == CONTENT


class Mirror:
    """A local HTTP server; ``change`` maps a file name to what is sent in its place."""

    def __init__(self, change):
        self.requests = []
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.removeprefix("/data/").removesuffix(".gz")
                mirror.requests.append(name)
                answer = change.get(name, gzip.compress(CONTENT[name]))
                if callable(answer):
                    return answer(self)
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/data/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
