"""A mail server on loopback that takes mail without asking, or refuses all of it."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


@dataclass
class Mailbox:
    """`url`: for SMTP_URL. `refuses`: answer every recipient with a failure.

    `recipients`: of the envelopes. Addresses may hold any letters (RFC 6531). `hook` is called
    with `EHLO` when somebody says hello, `DATA` when a letter is to come, `taken` when it was taken
    and the answer is still to be given.
    """

    url: str = ""
    recipients: list[str] = field(default_factory=list)
    refuses: bool = False
    letters: list[EmailMessage] = field(default_factory=list)
    hook: Callable[[str], object] = lambda _moment: None


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Serve until the block ends (RFC 5321, as much of it as `smtplib` speaks)."""
    box = Mailbox()

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 ready")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    box.hook("DATA")
                    self.say("354 go on")
                    box.letters.append(self.letter())
                    box.hook("taken")
                    self.say("250 taken")
                elif word == b"EHLO":
                    box.hook("EHLO")
                    self.say("250-here\r\n250-8BITMIME\r\n250 SMTPUTF8")
                elif word == b"RCPT" and box.refuses:
                    self.say("550 no")
                elif word == b"RCPT":
                    box.recipients.append(line.decode().split("<")[1].split(">")[0])
                    self.say("250 fine")
                elif word == b"QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 fine")

        def say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

        def letter(self) -> EmailMessage:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.removeprefix(b"."))
            return cast("EmailMessage", message_from_bytes(b"".join(lines), policy=policy.default))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        box.url = f"smtp://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield box
        server.shutdown()
        thread.join()
