"""Pages opened in headless Chromium, over its own debugging protocol: what they load, say, and show."""

import base64
import contextlib
import itertools
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websocket

from tests.waiting import LONG_STOP

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
LEFT = re.compile("navigated or closed|context was destroyed|Cannot find context|Promise was collected")
NAVIGATIONS = 5  # that a page may do by itself while something is waited for
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
    "--remote-allow-origins=*",
    # What a browser does for a person, and a quarter of what opening a page takes.
    "--disable-extensions", "--disable-component-extensions-with-background-pages", "--disable-default-apps", "--mute-audio",
    "--disable-breakpad", "--disable-domain-reliability", "--disable-smooth-scrolling", "--disable-software-rasterizer",
    "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,PaintHolding",
)  # fmt: skip
LOOK = """(async () => {
  if (document.readyState !== 'complete') await new Promise(done => addEventListener('load', done));
  if (window.MathJax) await MathJax.startup.promise;
  const text = document.querySelector('article').cloneNode(true);
  text.querySelectorAll('pre, code, mjx-container').forEach(e => e.remove());
  return JSON.stringify({
    images: [...document.images].map(i => [i.getAttribute('src'), i.naturalWidth, i.alt]),
    formulas: document.querySelectorAll('.math').length,
    drawn: [...document.querySelectorAll('.math')].filter(m => m.querySelector('mjx-container svg')).length,
    wrong: document.querySelectorAll('[data-mjx-error], mjx-merror').length,
    dollars: text.textContent.includes('$') ? text.textContent.match(/.{0,40}\\$.{0,40}/)[0] : '',
    too_wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  });
})()"""


@dataclass
class Seen:
    """What became of one page.

    Attributes:
        errors: what its console complained of.
        requests: every address it asked for.
        images: (src, natural width in pixels, alternative text) of each.
        formulas, drawn, wrong: how many there are, are shown as a picture, and MathJax could not read.
        dollars: text with a dollar sign in it, that is a formula left as it was typed.
        too_wide: by how many pixels the page is wider than the screen.
    """

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    images: list[tuple[str, int, str]] = field(default_factory=list)
    formulas: int = 0
    drawn: int = 0
    wrong: int = 0
    dollars: str = ""
    too_wide: int = 0


class PageLeft(AssertionError):
    """The page that was asked something was left for another before it answered."""


class Browser:
    """One tab."""

    def __init__(self, port: str) -> None:
        self.socket = websocket.create_connection(port, timeout=LONG_STOP)
        self.numbers = itertools.count(1)
        self.session = ""
        self.events: list[dict[str, Any]] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; what happens meanwhile is kept in `events`."""
        number = next(self.numbers)
        session = {"sessionId": self.session} if self.session else {}
        self.socket.send(json.dumps({"id": number, "method": method, "params": params, **session}))
        while (told := json.loads(self.socket.recv())).get("id") != number:
            self.events.append(told)
        if "error" in told and LEFT.search(told["error"]["message"]):
            raise PageLeft(told["error"]["message"])
        assert "error" not in told, told
        return told["result"]

    def load(self, page: Path, width: int) -> None:
        """Load a page in a window of a width in pixels."""
        self.resize(width)
        self.go(page.resolve().as_uri())

    def open(self, page: Path, *widths: int) -> list[Seen]:
        """Load a page in a window of the first width in pixels, and look; look again at each of the others."""
        self.load(page, widths[0])
        return [self.look(width) for width in widths]

    def value(self, expression: str) -> Any:
        """What an expression gives, or comes to, in the page."""
        told = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def resize(self, width: int) -> None:
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )

    def look(self, width: int) -> Seen:
        self.resize(width)
        found = self.ask("Runtime.evaluate", expression=LOOK, awaitPromise=True)["result"]
        return Seen([*self.complaints()], [*self.addresses()], **json.loads(found["value"]))

    def go(self, url: str) -> None:
        """Load an address, and wait for its load event."""
        self.events.clear()
        self.ask("Page.navigate", url=url)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(json.loads(self.socket.recv()))

    def until(self, expression: str) -> Any:
        """Wait until an expression is true, and return its value; one that raises is not true yet."""
        look = f"(() => {{ try {{ return ({expression}); }} catch (e) {{ return null; }} }})()"
        stop = 1000 * LONG_STOP
        waiting = (
            f"new Promise((done, fail) => {{ const look = () => {{ const is = {look}; "
            "if (is) done(is === Object(is) || is); "
            f"else if (performance.now() > began + {stop}) fail(Error('the long stop was reached')); "
            "else setTimeout(look, 50); }; const began = performance.now(); look(); })"
        )
        for _ in range(NAVIGATIONS):
            with contextlib.suppress(PageLeft):  # JupyterLab loads itself anew: wait in the page that comes
                return self.value(waiting)
        return self.value(waiting)

    def typed(self, text: str) -> None:
        """Type into what has the focus."""
        self.ask("Input.insertText", text=text)

    def picture(self, path: Path, width: int = 1500, height: int = 1000) -> None:
        """A picture of what is seen, as PNG."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **size)
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot")["data"]))

    def addresses(self) -> Iterator[str]:
        for event in self.events:
            if event.get("method") == "Network.requestWillBeSent":
                yield event["params"]["request"]["url"]

    def complaints(self) -> Iterator[str]:
        for event in self.events:
            told = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                yield str(told["exceptionDetails"])
            if event.get("method") == "Log.entryAdded" and told["entry"]["level"] == "error":
                yield str(told["entry"]["text"])
            if event.get("method") == "Runtime.consoleAPICalled" and told["type"] == "error":
                yield str(told["args"])
            if event.get("method") == "Network.loadingFailed":
                yield told["errorText"]


def chromium() -> str | None:
    """The program, where there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Chromium, started for this and ended after."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        command = [str(chromium()), *FLAGS, f"--user-data-dir={home}", "about:blank"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stderr
            told = next(line for line in process.stderr if "listening on" in line)
            yield Browser(told.split()[-1])
        finally:
            process.terminate()
            process.wait(timeout=LONG_STOP)
