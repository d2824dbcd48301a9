"""The one base of every error that leaves this package."""


class BadgeError(Exception):
    """Something this package refuses, under a stable `code`.

    `code` is part of the interface: logs and pages are keyed by it. `detail` is for engineers,
    in English, and never carries personal data; sentences for people are written by the caller.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code
