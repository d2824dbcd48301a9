"""Outgoing mail: the one module that speaks SMTP."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

TIMEOUT = 15  # seconds for each step of the conversation
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


# With these the server has said that it does not take a letter; any other end leaves that open.
_REFUSALS = (
    smtplib.SMTPResponseException,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPNotSupportedError,
)


class NotSent(Exception):
    """The mail server did not say that it took it; `reason` is the kind of failure, without any
    address. `may_have_arrived`: it did not refuse it either. `was_reached`: it listened, so that
    another letter may fare better."""

    def __init__(
        self, reason: str, *, may_have_arrived: bool = False, was_reached: bool = True
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.may_have_arrived = may_have_arrived
        self.was_reached = was_reached


@dataclass(frozen=True, slots=True)
class MailServer:
    """`url`: smtp:// or smtps://, with user and password where it asks for them."""

    url: str
    sender: str

    def send(
        self, to: str, subject: str, text: str, *, before: Callable[[], None] = lambda: None
    ) -> None:
        """Hand one mail over; `before` is called once the server listens, before it gets anything.

        Raises:
            NotSent
        """
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, to, subject
        message.set_content(text)
        is_taken = is_begun = False
        try:
            with self._connected() as server:
                before()
                is_begun = True
                server.send_message(message)
                is_taken = True
        except (OSError, smtplib.SMTPException) as error:
            if is_taken:
                return  # only the farewell went wrong
            is_open = is_begun and not isinstance(error, _REFUSALS)
            reason = type(error).__name__
            raise NotSent(reason, may_have_arrived=is_open, was_reached=is_begun) from error

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        parts = urlsplit(self.url)
        host, context = parts.hostname or "", ssl.create_default_context()
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, parts.port or 465, timeout=TIMEOUT, context=context
            )
        else:
            server = smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT)
        with server:
            if parts.scheme == "smtp" and host not in LOOPBACK:
                server.starttls(context=context)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.ehlo_or_helo_if_needed()
            yield server
