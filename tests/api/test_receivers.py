"""Where nothing is sent, and whom a receiver has to be."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from api.receivers import LARGEST, Outcome, Receiver, check_url, is_public, trusted
from tests.api.receiving import Answer, Receiving, receiving

SECRET = b"x" * 32

NOT_PUBLIC = [
    "127.0.0.1",
    "127.8.8.8",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
]


def post(url: str, *, private: bool = False, seconds: float = 5.0) -> Outcome:
    """Send something once."""

    async def sent() -> Outcome:
        receiver = Receiver(url, SECRET, private=private, timeout=seconds, at_once=2)
        try:
            return await receiver.post("id", b'{"id": "1"}')
        finally:
            await receiver.close()

    return asyncio.run(sent())


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_public_is_told(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "2002:808:808::1"]
)
def test_what_is_public_is_told(address: str) -> None:
    assert is_public(ip_address(address))


PRIVATE = ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16", "224.0.0.0/4")


@given(network=st.sampled_from(PRIVATE), data=st.data())
def test_no_private_address_passes_however_it_is_wrapped(network: str, data: st.DataObject) -> None:
    inside = IPv4Network(network)
    number = data.draw(st.integers(0, inside.num_addresses - 1))
    address = IPv4Address(int(inside.network_address) + number)
    assert not is_public(address)
    assert not is_public(IPv6Address((0xFFFF << 32) | int(address)))
    assert not is_public(IPv6Address((0x2002 << 112) | (int(address) << 80) | 1))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "localhost",
        "0.0.0.0",
    ],
)
def test_nothing_is_sent_to_this_machine_however_it_is_written(host: str) -> None:
    """A listener would see a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        outcome = post(f"https://{host}:{listener.getsockname()[1]}/")
        assert outcome.status is None
        assert "not a public address" in outcome.reason
        with pytest.raises(TimeoutError):
            listener.accept()


def test_one_address_among_several_that_is_not_public_is_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolved(*_: Any, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443))
            for one in ("8.8.8.8", "10.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    assert post("https://two.example/").reason == "refused: 10.0.0.1 is not a public address"


def test_it_is_connected_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere when it is asked again is asked once."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolved(host: Any, port: Any, *more: Any, **named: Any) -> list[Any]:
        try:
            ip_address(host)
        except ValueError:
            asked.append(host)
            assert len(asked) == 1
            host = "127.0.0.1"
        return list(real(host, port, *more, **named))

    with receiving() as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", resolved)
        url = receiver.url.replace("127.0.0.1", "rebound.example")
        assert post(url, private=True).delivered
        assert receiver.got[0].headers["host"].startswith("rebound.example:")
    assert asked == ["rebound.example"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://desk.example/", "begins with https://"),
        ("ftp://desk.example/", "begins with https://"),
        ("desk.example", "cannot be read"),
        ("https://", "cannot be read"),
        ("https://desk.example:port/", "cannot be read"),
        ("https://me:secret@desk.example/", "holds a password"),
        ("https://dęsk.example/", "cannot be read"),
        ("https://desk.example/" + "x" * 2000, "more than 2000"),
        ("https://10.0.0.1/", "not a public address"),
        ("https://[::ffff:127.0.0.1]/", "not a public address"),
    ],
)
def test_an_address_that_cannot_be_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_url(url, private=False)


def test_private_receivers_are_a_setting() -> None:
    check_url("https://desk.example/dateline?desk=1", private=False)
    check_url("http://10.0.0.1/", private=True)
    with pytest.raises(ValueError, match="https:// or http://"):
        check_url("ftp://10.0.0.1/", private=True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of `localhost` with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[Receiving]:
    """A receiver with that certificate."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with receiving(tls) as made:
        made.url = made.url.replace("127.0.0.1", "localhost")
        yield made


@pytest.fixture
def believed(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever has that certificate is believed."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    trusted.cache_clear()
    yield
    trusted.cache_clear()


def test_a_receiver_that_nobody_vouches_for_gets_nothing(secure: Receiving) -> None:
    outcome = post(secure.url, private=True)
    assert outcome.status is None
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.reason
    assert secure.got == []


@pytest.mark.usefixtures("believed")
def test_a_certificate_is_of_the_name_and_not_of_the_address(secure: Receiving) -> None:
    assert post(secure.url, private=True).delivered
    outcome = post(secure.url.replace("localhost", "127.0.0.1"), private=True)
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.reason


def test_who_does_not_answer_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        outcome = post(f"http://127.0.0.1:{silent.getsockname()[1]}/", private=True, seconds=0.3)
    assert outcome == Outcome(None, "no answer within 0.3 s")


def test_who_is_not_there_is_told_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    outcome = post(f"http://127.0.0.1:{port}/", private=True)
    assert outcome.status is None
    assert outcome.reason


def test_an_endless_answer_is_left() -> None:
    async def served() -> tuple[Outcome, int]:
        sent = 0

        async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
            try:
                while True:
                    writer.write(b"x" * 10_000)
                    await writer.drain()
                    sent += 10_000
            except ConnectionError:
                writer.close()

        async with await asyncio.start_server(endless, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            url = f"http://127.0.0.1:{port}/"
            receiver = Receiver(url, SECRET, private=True, timeout=10.0, at_once=1)
            outcome = await receiver.post("id", b"{}")
            await receiver.close()
        return outcome, sent

    outcome, sent = asyncio.run(served())
    assert outcome.delivered
    assert sent < 200 * LARGEST


@pytest.mark.parametrize(
    ("told", "least", "most"),
    [
        ("7", 7, 7),
        ("999999999999999999", 86_400, 86_400),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("in an hour", 3_000, 3_600),
        ("soon", None, None),
        ("-1", None, None),
    ],
)
def test_when_to_come_again_is_understood(
    told: str, least: float | None, most: float | None
) -> None:
    if told == "in an hour":
        told = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with receiving() as receiver:
        receiver.answer = lambda _: Answer(503, {"Retry-After": told})
        wait = post(receiver.url, private=True).wait
    if least is None or most is None:
        assert wait is None
    else:
        assert wait is not None
        assert least <= wait <= most
