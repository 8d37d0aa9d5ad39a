"""Over real TLS: who we trust, and how a certificate signs us in."""

import inspect
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.errors import LedgerUnavailable
from adapters.http import Http, Patience
from adapters.sap.odata import ODataClient
from adapters.sap.signin import secure_client
from adapters.sap.values import Version
from tests.unit.adapters.sap.service import NOW, Item


@dataclass(frozen=True)
class Authority:
    """Signs certificates."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def signs(self, common: str, where: Path, password: str = "") -> Path:
        """One file with a certificate for `common` and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        return _written(
            where, _certificate(_named(common), key, self.name, self.key, is_authority=False), key, password
        )

    def public(self, where: Path) -> Path:
        """Its own certificate, to be trusted."""
        where.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return where


def _written(where: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, password: str = "") -> Path:
    hidden: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    )
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)
    where.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + secret)
    return where


def _named(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    name: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    is_authority: bool,
) -> x509.Certificate:
    from_ = datetime.now(UTC) - timedelta(days=1)
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=is_authority, path_length=None), True),
        (x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
        (_usage(is_authority=is_authority), True),
    ]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(from_)
        .not_valid_after(from_ + timedelta(days=3))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _authority(name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    named = _named(name)
    return Authority(named, key, _certificate(named, key, named, key, is_authority=True))


class _Answers(BaseHTTPRequestHandler):
    """Says who asked, by the name in the certificate."""

    def do_GET(self) -> None:
        assert isinstance(self.connection, ssl.SSLSocket)
        told = self.connection.getpeercert() or {}
        who = "".join(value for part in told.get("subject", ()) for _, value in part)  # type: ignore[str-unpack]
        body = f'{{"d":[{{"Number":"{who}"}}]}}'.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: object) -> None:
        """Nothing."""


class _Quiet(HTTPServer):
    """Shakes hands within a request, so that one that fails ends nothing."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Expected: handshakes that fail."""


@contextmanager
def _serving(certificate: Path, clients: Path | None = None) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    with _Quiet(("127.0.0.1", 0), _Answers) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}/API_ITEMS"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def ours() -> Authority:
    return _authority("Our own authority")


@contextmanager
def _client(root: str, **trust: object) -> Iterator[ODataClient]:
    client = secure_client(**trust)  # type: ignore[arg-type]
    http = Http(sleep=lambda _: None, chance=lambda: 0.0, client=client, patience=Patience(attempts=1))
    yield ODataClient(root, version=Version.V2, http=http, now=lambda: NOW)
    http.close()


def _who(client: ODataClient) -> str:
    return client.rows("A_Items", Item).good[0].Number


def test_a_service_of_an_unknown_authority_is_refused_until_that_is_named(ours: Authority, tmp_path: Path) -> None:
    with _serving(ours.signs("erp", tmp_path / "erp.pem")) as root:
        with _client(root) as client, pytest.raises(LedgerUnavailable, match="did not answer") as caught:
            _who(client)
        assert not caught.value.sent
        with _client(root, ca_file=ours.public(tmp_path / "ours.pem")) as client:
            assert _who(client) == ""


def test_a_service_that_signed_for_itself_is_refused_until_its_certificate_is_named(tmp_path: Path) -> None:
    itself = _authority("erp")
    with _serving(_written(tmp_path / "erp.pem", itself.certificate, itself.key)) as root:
        with _client(root) as client, pytest.raises(LedgerUnavailable):
            _who(client)
        with _client(root, ca_file=itself.public(tmp_path / "itself.pem")) as client:
            assert _who(client) == ""


def test_only_the_named_authorities_are_trusted(ours: Authority, tmp_path: Path) -> None:
    other = _authority("Another authority").public(tmp_path / "other.pem")
    with (
        _serving(ours.signs("erp", tmp_path / "erp.pem")) as root,
        _client(root, ca_file=other) as client,
        pytest.raises(LedgerUnavailable),
    ):
        _who(client)


@pytest.mark.parametrize("password", ["", "geheim"])
def test_a_certificate_signs_us_in(ours: Authority, tmp_path: Path, password: str) -> None:
    ca = ours.public(tmp_path / "ours.pem")
    certificate = ours.signs("duecourse", tmp_path / "us.pem", password)
    with (
        _serving(ours.signs("erp", tmp_path / "erp.pem"), clients=ca) as root,
        _client(root, ca_file=ca, certificate=certificate, key_password=password) as client,
    ):
        assert _who(client) == "duecourse"


def test_without_a_certificate_a_service_that_wants_one_does_not_answer(ours: Authority, tmp_path: Path) -> None:
    ca = ours.public(tmp_path / "ours.pem")
    with (
        _serving(ours.signs("erp", tmp_path / "erp.pem"), clients=ca) as root,
        _client(root, ca_file=ca) as client,
        pytest.raises(LedgerUnavailable),
    ):
        _who(client)


def test_a_locked_key_without_its_password_fails_at_once(ours: Authority, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLError):
        secure_client(certificate=ours.signs("duecourse", tmp_path / "us.pem", "geheim"))


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_missing_or_broken_file_fails_at_once(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(OSError):  # noqa: PT011  # ssl.SSLError is one
        secure_client(ca_file=file)


def test_nothing_switches_verification_off() -> None:
    assert set(inspect.signature(secure_client).parameters) == {
        "ca_file", "certificate", "key", "key_password", "connections",
    }  # fmt: skip
    assert not {"verify", "ssl"} & set(inspect.signature(ODataClient).parameters)
