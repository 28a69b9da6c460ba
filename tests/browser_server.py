"""A real `waypost serve` over the sample helpdesk, once a session, and pages that complain about what they see."""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "ui" / "sample"
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

_SCRIPT = "top.postMessage('owned','*');alert(1)"
HOSTILE = (
    f"<script>{_SCRIPT}</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=//evil.example/x.png>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src=https://evil.example></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href='javascript:alert(1)'>click</a>",
    "<a href=' java\tscript:alert(1)'>click</a>",
    "<body onload=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=https://evil.example/a.mp3 autoplay>",
    "<object data=https://evil.example/x.swf></object>",
    "<embed src=https://evil.example/x>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<style>*{background:url(https://evil.example/b)}</style>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    "<form action=https://evil.example><button>send</button></form>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><img src=x onerror=alert(1)></template>",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus=alert(1) x="',
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "${alert(1)}",
    "`+alert(1)+`",
    "{{constructor.constructor('alert(1)')()}}",
    "{{#with this}}{{lookup this 'constructor'}}{{/with}}",
    "@children ${value}",
    "![x](https://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "&lt;img src=x onerror=alert(1)&gt;",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\u202e<img src=x onerror=alert(1)>",
)
"""Markup in the many ways in which a page that forgets to escape would run or fetch it."""

HOSTILE_DOCUMENT = {
    "id": "hostile-quokka",
    "title": "Quokka <img src=x onerror=alert(1)> mode",
    "url": "javascript:alert(1)",
    "text": (
        "Quokka mode makes the zeppelin lamp blink. To switch on quokka mode, press the zeppelin lamp twice "
        "<script>alert(1)</script> and wait for <img src=//evil.example/x.png onerror=alert(1)> the blink."
    ),
}


@dataclass(frozen=True)
class Server:
    """Where it runs and the keys of its three visitors."""

    url: str
    admin: str
    designer: str
    agent: str

    def ask(self, text: str, **more: str) -> dict[str, Any]:
        """A draft, made past the pages."""
        return self._send("POST", "/v1/drafts", {"text": text, "channel": "chat", **more})

    def get(self, path: str) -> Any:
        """What the API says."""
        return self._send("GET", path)

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.admin}"}
        response = httpx.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=60, trust_env=False)
        response.raise_for_status()
        return response.json()


@dataclass
class Watch:
    """What must not happen on any page."""

    origin: str
    dialogs: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def over(self, page: Any) -> Any:
        """The page, watched."""
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        page.on("request", lambda request: self._asked(request.url))
        return page

    def _asked(self, url: str) -> None:
        if not url.startswith((f"{self.origin}/", "data:", "blob:")):
            self.elsewhere.append(url)


@contextmanager
def running_helpdesk(before_serving: Callable[[Any], None] = lambda _home: None) -> Iterator[Server]:
    """The sample helpdesk and one hostile article, served on a free port until the block ends.

    `before_serving` may fill the opened data directory further.
    """
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        extra = Path(folder) / "documents.jsonl"
        extra.write_text(json.dumps(HOSTILE_DOCUMENT) + "\n", "utf-8")
        places = [SAMPLE / "articles", SAMPLE / "faq.csv", SAMPLE / "tickets.jsonl", extra]
        _waypost("ingest", *map(str, places), "--data", str(data))
        keys = _keys(data, before_serving)
        process = subprocess.Popen(
            [sys.executable, "-m", "ui.cli", "serve", "--port", "0", "--data", str(data)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            yield Server(_address(process), *keys)
        finally:
            process.terminate()
            process.wait(timeout=30)


@contextmanager
def chromium() -> Iterator[Any]:
    """Headless Chromium, or a skip that says what is missing."""
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: the browser tests need one")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


def _waypost(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _keys(data: Path, fill: Callable[[Any], None]) -> tuple[str, str, str]:
    from ui.home import open_home

    home = open_home(data)
    fill(home)
    made = (home.keys.create("ada", "admin"), home.keys.create("dee", "designer"), home.keys.create("avi", "agent"))
    home.close()
    return made


def _address(process: subprocess.Popen[str]) -> str:
    """The address that the server prints, once it answers."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if found := re.search(r"http://[\d.]+:\d+", line):
            url = found.group(0)
            break
    else:
        raise AssertionError(f"the server ended: {said}")
    for _ in range(300):
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).json()["index"] == "sound":
                return url
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"the server did not become ready: {said}")
