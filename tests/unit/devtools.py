"""Headless Chromium, driven by its own protocol over a pipe: clicks, what is seen, what is logged.

https://chromedevtools.github.io/devtools-protocol/ ; no package is needed, and no port is open.
"""

import contextlib
import fcntl
import json
import os
import select
import subprocess
import time

from browser import find

OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run")
OPTIONS += ("--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync")
OPTIONS += ("--disable-component-update", "--window-size=1400,1000", "--remote-debugging-pipe")

SECONDS = 60  # for one answer, on a busy machine


class Page:
    """A page and the frames in it. ``console``: what was logged; ``requests``: what was fetched."""

    def __init__(self, folder, url):
        ours, its = os.pipe(), os.pipe()
        # Chromium reads from 3 and writes to 4; ours must not be in their way.
        read_end = fcntl.fcntl(ours[0], fcntl.F_DUPFD, 20)
        write_end = fcntl.fcntl(its[1], fcntl.F_DUPFD, 20)
        script = f'exec "$@" 3<&{read_end} 4>&{write_end}'
        command = [find(), *OPTIONS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
        self._process = subprocess.Popen(
            ["bash", "-c", script, "browser", *command],
            pass_fds=(read_end, write_end),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (ours[0], its[1], read_end, write_end):
            os.close(end)
        self._to, self._from = ours[1], its[0]
        self._number, self._buffer, self._waiting = 0, b"", {}
        self.console, self.requests, self._contexts = [], [], []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._watch(self._session)
        self._main = self._call("Page.navigate", self._session, url=url)["frameId"]

    def evaluate(self, script, frame=False):
        """Return what a script evaluates to on the page, or in the frame that came last."""
        session, where = self._session, {}
        if frame:
            self._read(0)  # it may have come meanwhile
            inner = [each for each in self._contexts if each[2] != self._main]
            session, number, _ = inner[-1]
            where = {"contextId": number}
        found = self._call(
            "Runtime.evaluate",
            session,
            expression=script,
            returnByValue=True,
            awaitPromise=True,
            **where,
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait_for(self, script, frame=False, seconds=SECONDS):
        """Return what a script evaluates to once that is true."""
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(IndexError, AssertionError, LookupError):
                if value := self.evaluate(script, frame):
                    return value
            assert time.monotonic() < deadline, f"never true: {script}"
            time.sleep(0.05)

    def close(self):
        """End the browser."""
        with contextlib.suppress(OSError, AssertionError):
            self._send("Browser.close")
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._to)
        os.close(self._from)

    # -- the protocol ---------------------------------------------------------------------------

    def _watch(self, session):
        for domain in ("Page", "Runtime", "Log", "Network"):
            with contextlib.suppress(LookupError):  # a frame may have gone meanwhile
                self._call(f"{domain}.enable", session)
        with contextlib.suppress(LookupError):
            self._call(
                "Target.setAutoAttach",
                session,
                autoAttach=True,
                waitForDebuggerOnStart=False,
                flatten=True,
            )

    def _send(self, method, session=None, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        return self._number

    def _call(self, method, session=None, **parameters):
        number = self._send(method, session, **parameters)
        deadline = time.monotonic() + SECONDS
        while number not in self._waiting:
            assert time.monotonic() < deadline, f"no answer to {method}"
            self._read()
        answer = self._waiting.pop(number)
        if "error" in answer:
            raise LookupError(f"{method}: {answer['error']}")
        return answer.get("result", {})

    def _read(self, seconds=0.5):
        if not select.select([self._from], [], [], seconds)[0]:
            return
        chunk = os.read(self._from, 1 << 20)
        assert chunk, "the browser has ended"
        *messages, self._buffer = (self._buffer + chunk).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self._waiting[message["id"]] = message
            else:
                self._take(message["method"], message["params"], message.get("sessionId"))

    def _take(self, event, about, session):
        if event == "Runtime.consoleAPICalled":
            words = [str(each.get("value", each.get("description"))) for each in about["args"]]
            self.console.append(f"{about['type']}: {' '.join(words)}")
        elif event == "Runtime.exceptionThrown":
            details = about["exceptionDetails"]
            more = details.get("exception", {}).get("description", "")
            self.console.append(f"exception: {details['text']} {more}")
        elif event == "Log.entryAdded":
            self.console.append(f"{about['entry']['level']}: {about['entry']['text']}")
        elif event == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])
        elif event == "Runtime.executionContextCreated":
            context = about["context"]
            if context.get("auxData", {}).get("isDefault"):
                self._contexts.append((session, context["id"], context["auxData"]["frameId"]))
        elif event == "Runtime.executionContextDestroyed":
            gone = (session, about["executionContextId"])
            self._contexts = [each for each in self._contexts if each[:2] != gone]
        elif event == "Target.attachedToTarget" and session:  # a frame in a process of its own
            self._watch(about["sessionId"])
