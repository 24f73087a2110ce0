"""What the Python clients share: the list of checks, the report, and the way to ask for a restart."""

import os
import re
import sys
import time
import traceback
from urllib.parse import unquote, urlsplit

URL = os.environ["AMQP_URL"]
PREFIX = os.environ["INTEROP_PREFIX"]
SCRATCH = os.environ["INTEROP_SCRATCH"]

MESSAGES = 10_000
FIVE_MB = 5 * 1024 * 1024

_parts = urlsplit(URL)
HOST = _parts.hostname
PORT = _parts.port or 5672
USER = unquote(_parts.username)
PASSWORD = unquote(_parts.password)
VHOST = unquote(_parts.path[1:]) or "/"


class Skip(Exception):
    """Raised by a check that the client cannot do; the text says why."""


def common_titles():
    """The titles in support/checks.ts, which is their one place."""
    with open(os.path.join(os.path.dirname(__file__), "checks.ts"), encoding="utf-8") as file:
        return re.findall(r"^  '(.*)',$", file.read(), re.MULTILINE)


def run(checks, titles=None):
    """Runs the checks in order and prints one line for each; a failure does not stop the next."""
    titles = titles or common_titles()
    assert len(titles) == len(checks), f"{len(checks)} checks for {len(titles)} titles"
    for number, (title, check) in enumerate(zip(titles, checks), start=1):
        try:
            check()
            say(f"ok {number} - {title}")
        except Skip as reason:
            say(f"ok {number} - {title} # SKIP {reason}")
        except Exception:
            say(f"not ok {number} - {title}")
            remark(traceback.format_exc())


def say(line):
    print(line, flush=True)


def remark(text):
    for line in str(text).rstrip().split("\n"):
        say(f"# {line}")


def restart_broker():
    say("restart")
    answer = sys.stdin.readline().strip()
    assert answer == "restarted", f"expected 'restarted', got {answer!r}"


def equal(actual, expected, what):
    assert actual == expected, f"{what}: expected {short(expected)}, got {short(actual)}"


def equal_tables(actual, expected, what):
    for key in sorted(set(actual) | set(expected)):
        equal(actual.get(key, "absent"), expected.get(key, "absent"), f"{what}[{key!r}]")
        # 1 == True in Python, and clients have number types of their own.
        assert isinstance(actual[key], type(expected[key])), f"{what}[{key!r}] is a {type(actual[key])}"


def short(value):
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}... ({len(text)} characters)"


def eventually(what, probe, within=20):
    """Returns the first true value of probe(); fails after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        value = probe()
        if value:
            return value
        assert time.monotonic() < deadline, f"not seen within {within} s: {what}"
        time.sleep(0.01)


def big_body():
    """5 MB in which no two 4-byte words are the same, so that a lost or doubled frame shows."""
    words = bytearray()
    for index in range(FIVE_MB // 4):
        words += index.to_bytes(4, "big")
    return bytes(words)
