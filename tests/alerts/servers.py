"""What alerts are told to, for real: a web server in place of Slack's, and a mail server, both of this machine."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SECRET_PATH = "/services/T0/B0/very-secret-part"  # noqa: S105  made up, to be looked for where it must not be


@dataclass
class Webhook:
    """A webhook that takes what comes. `status` is how it answers, 0 by hanging up; `where_to` goes with a redirect."""

    url: str
    status: int = 200
    where_to: str = ""
    taken: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Serve a webhook on a free port."""
    told = Webhook("")

    class Taking(BaseHTTPRequestHandler):
        """Keeps what is posted."""

        def do_POST(self) -> None:
            """Take one message."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.taken.append(json.loads(body))
            if not told.status:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(told.status)
            if told.where_to:
                self.send_header("Location", told.where_to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    told.url = f"http://127.0.0.1:{server.server_port}{SECRET_PATH}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Mailbox:
    """A mail server's: `answers` are how it answers by command, instead of taking it; "" is hanging up."""

    port: int
    answers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  aiosmtpd names it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient."""
        answer = self.answers.get(address) or self.answers.get("RCPT")
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        letter = message_from_bytes(content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.taken.append((envelope.rcpt_tos, letter))
        answer = self.answers.get("DATA", "250 fine")
        if not answer:
            assert server.transport
            server.transport.close()
        return answer

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any) -> AuthResult:
        """Know one user."""
        assert isinstance(given, LoginPassword)
        self.logins.append(given.login.decode())
        return AuthResult(success=given == LoginPassword(b"shop", b"pass-word"), handled=False)


class _Serving(Controller):
    """A controller that can also be started where its server speaks TLS from the first byte."""

    def _trigger_server(self) -> None:
        """Connect once, so that the server is there when the test begins."""
        with socket.create_connection((self.hostname, self.port), 5) as raw:
            if self.ssl_context:
                trusting = ssl.create_default_context()
                trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
                trusting.wrap_socket(raw).close()


@contextmanager
def mailbox(**settings: Any) -> Iterator[Mailbox]:
    """Serve a mailbox on a free port; `settings` are aiosmtpd's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    box = Mailbox(port)
    if settings.pop("with_login", False):
        settings |= {"authenticator": box.authenticate, "auth_required": True}
    controller = _Serving(box, hostname="127.0.0.1", port=port, **settings)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate of this machine's own; return its file, by which it can be trusted, and a server's context."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail of a test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1))
        .not_valid_after(datetime(2100, 1, 1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, key_file = folder / "mail.crt", folder / "mail.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key_file.write_bytes(private + file.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(key_file)
    return file, context
