"""Firefox through Marionette, its own remote protocol: no further program is needed.

A message is the length of its JSON, a colon, and the JSON: `[0, id, command, parameters]` there and
`[1, id, error, result]` back.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lti_tool.demo.serving import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
START_SECONDS = 60
# Nothing of its own goes to the network, and no page greets.
QUIET = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}
THIRD_PARTY_COOKIES_BLOCKED: Mapping[str, Any] = {"network.cookie.cookieBehavior": 1}
ALL_COOKIES_ALLOWED: Mapping[str, Any] = {"network.cookie.cookieBehavior": 0}


def program() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """`folder` is empty and becomes the profile; `preferences` are Firefox's own."""

    def __init__(self, folder: Path, preferences: Mapping[str, Any]) -> None:
        port = free_port()
        wanted = {**QUIET, **preferences, "marionette.port": port}
        lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in wanted.items())
        (folder / "user.js").write_text("".join(lines))
        started = program()
        assert started is not None
        self._process = subprocess.Popen(
            [started, "--headless", "--marionette", "--no-remote", "--profile", str(folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder), "MOZ_DISABLE_CONTENT_SANDBOX": "1"},
        )
        self._last = 0
        self._open = ExitStack()
        try:
            self._socket = self._open.enter_context(self._connected(port))
            self._answers = self._open.enter_context(self._socket.makefile("rb"))
            self._read()  # it greets
            self._ask("WebDriver:NewSession", {"acceptInsecureCerts": True})
        except BaseException:
            self._end()
            raise

    def open(self, address: str) -> None:
        self._ask("WebDriver:SwitchToFrame", {"id": None})
        self._ask("WebDriver:Navigate", {"url": address})

    def into_frame(self, xpath: str) -> None:
        self._ask("WebDriver:SwitchToFrame", {"element": self._find(xpath)})

    def click(self, xpath: str) -> None:
        self._ask("WebDriver:ElementClick", {"id": self._find(xpath)})

    def run(self, script: str) -> Any:
        asked = {"script": script, "args": [], "sandbox": None}
        return self._ask("WebDriver:ExecuteScript", asked)["value"]

    def close(self) -> None:
        self._end()

    def _end(self) -> None:
        self._open.close()
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _connected(self, port: int) -> socket.socket:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS)
            except ConnectionRefusedError:
                assert self._process.poll() is None, "Firefox ended"
                assert time.monotonic() < deadline, "Firefox did not listen"
                time.sleep(0.1)

    def _find(self, xpath: str) -> str:
        found = self._ask("WebDriver:FindElement", {"using": "xpath", "value": xpath})
        return str(found["value"][ELEMENT])

    def _ask(self, command: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self._last += 1
        message = json.dumps([0, self._last, command, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._read()
        if error is not None:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return dict(result)

    def _read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            read = self._answers.read(1)
            assert read, "Firefox hung up"
            length += read
        return json.loads(self._answers.read(int(length[:-1])))
