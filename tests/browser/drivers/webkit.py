"""WebKitGTK's small browser through its WebDriver, on a screen that exists in memory only.

It has Intelligent Tracking Prevention, as Safari has.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from glob import glob
from typing import Any

import requests

from lti_tool.demo.serving import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
START_SECONDS = 60


def missing() -> str:
    """Return which of the programs it needs is not there; "" if none."""
    wanted = {"WebKitWebDriver": shutil.which("WebKitWebDriver"), "Xvfb": shutil.which("Xvfb")}
    found = {**wanted, "MiniBrowser": _mini_browser()}
    return ", ".join(name for name, path in found.items() if not path)


def _mini_browser() -> str | None:
    return next(iter(sorted(glob("/usr/lib/*/webkit*gtk-*/MiniBrowser"), reverse=True)), None)


class WebKit:
    def __init__(self) -> None:
        self._screen, display = _screen()
        environment = {**os.environ, "DISPLAY": display, "GDK_BACKEND": "x11"}
        # As root, as in containers, WebKit's own sandbox cannot start.
        environment["WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS"] = "1"
        port = free_port()
        self._driver = subprocess.Popen(
            ["WebKitWebDriver", f"--port={port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._http = requests.Session()
        self._http.trust_env = False
        self._base = f"http://127.0.0.1:{port}/session"
        try:
            self._begin()
        except BaseException:
            self._end()
            raise

    def open(self, address: str) -> None:
        self._ask("frame", {"id": None})
        self._ask("url", {"url": address})

    def into_frame(self, xpath: str) -> None:
        self._ask("frame", {"id": {ELEMENT: self._find(xpath)}})

    def click(self, xpath: str) -> None:
        self._ask(f"element/{self._find(xpath)}/click", {})

    def run(self, script: str) -> Any:
        return self._ask("execute/sync", {"script": script, "args": []})

    def close(self) -> None:
        try:
            self._http.delete(self._base, timeout=START_SECONDS)
        finally:
            self._end()

    def _begin(self) -> None:
        options = {"binary": _mini_browser(), "args": ["--automation", "--enable-itp"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options, "acceptInsecureCerts": True}}
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                made = self._ask("", {"capabilities": wanted})
                break
            except requests.ConnectionError:  # it does not listen yet
                assert time.monotonic() < deadline, "WebKitWebDriver did not listen"
                time.sleep(0.1)
        self._base += f"/{made['sessionId']}"

    def _end(self) -> None:
        self._http.close()
        for process in (self._driver, self._screen):
            process.terminate()
            process.wait()

    def _find(self, xpath: str) -> str:
        return str(self._ask("element", {"using": "xpath", "value": xpath})[ELEMENT])

    def _ask(self, command: str, parameters: Mapping[str, Any]) -> Any:
        """Send a command of W3C WebDriver, section 10 and following."""
        address = f"{self._base}/{command}".rstrip("/")
        answer = self._http.post(address, json=parameters, timeout=START_SECONDS)
        value = answer.json()["value"]
        if not answer.ok:
            raise RuntimeError(f"{command}: {value['error']}: {value['message']}")
        return value


def _screen() -> "tuple[subprocess.Popen[bytes], str]":
    """Start a screen and return it with its name, once it shows pictures."""
    read, write = os.pipe()
    started = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    assert number, "Xvfb did not start"
    return started, f":{number}"
