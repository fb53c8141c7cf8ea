"""The page about nginx, tried with nginx itself, where there is one."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from websockets.sync.client import connect
from websockets.typing import Origin

from api.app import ApiSettings, create_app
from api.rates import Rates
from domain.commands import OpenStory
from eventlog.database import Database
from tests.api.mutations import desk
from tests.api.serving import served
from tests.api.sockets import EVENTS, PROTOCOL, Talk, wait_for

PAGE = Path(__file__).parents[2] / "docs/how-to/put-it-behind-nginx.md"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


def free_ports(number: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports: list[int] = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def certify(folder: Path) -> None:
    """A certificate of this machine for itself."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "record.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("record.example")]), False)
        .sign(private, hashes.SHA256())
    )
    (folder / "record.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    written = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "record.key").write_bytes(written)


def configuration(folder: Path, upstream: int, plain: int, secure: int) -> str:
    """What the page says, with places and ports of this test."""
    (told,) = re.findall(r"```nginx\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    for theirs, ours in (
        ("127.0.0.1:8000", f"127.0.0.1:{upstream}"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ", f"listen 127.0.0.1:{secure} "),
        ("/etc/ssl/record.example.pem", f"{folder}/record.pem"),
        ("/etc/ssl/record.example.key", f"{folder}/record.key"),
    ):
        assert told.count(theirs) == 1
        told = told.replace(theirs, ours)
    temporary = "\n".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log {folder}/access.log;\n{temporary}\n{told}}}\n"
    )


@contextmanager
def nginx(folder: Path, upstream: int) -> Iterator[tuple[int, int]]:
    """The ports of an nginx in front of a server, for plain and for encrypted requests."""
    assert NGINX is not None
    plain, secure = free_ports(2)
    certify(folder)
    path = folder / "nginx.conf"
    path.write_text(configuration(folder, upstream, plain, secure))
    command = [NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(path)]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr
    with subprocess.Popen(command, stderr=subprocess.PIPE) as running:
        try:
            deadline = time.monotonic() + 20
            while not answers(secure):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield plain, secure
        finally:
            running.terminate()


def answers(port: int) -> bool:
    """Whether somebody listens at a port."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def client(folder: Path, port: int, address: str) -> httpx.Client:
    """Somebody at an address of this machine, who trusts the certificate."""
    trusted = ssl.create_default_context(cafile=str(folder / "record.pem"))
    transport = httpx.HTTPTransport(verify=trusted, local_address=address)
    return httpx.Client(
        base_url=f"https://127.0.0.1:{port}",
        headers={"host": "record.example"},
        transport=transport,
        timeout=20,
    )


def ask(asker: httpx.Client, **headers: str) -> httpx.Response:
    return asker.post(
        "/graphql",
        json={"query": "{ __typename }"},
        headers=headers,
        extensions={"sni_hostname": "record.example"},
    )


def test_clients_are_told_apart_and_cannot_say_that_they_are_others(
    filled: Database, tmp_path: Path
) -> None:
    app = create_app(filled, ApiSettings(rates=Rates(address=2)))
    named = {"sni_hostname": "record.example"}
    with (
        served(app, ("127.0.0.1",)) as url,
        nginx(tmp_path, int(url.rpartition(":")[2])) as (plain, secure),
    ):
        with client(tmp_path, secure, "127.0.0.2") as one:
            assert [ask(one).status_code for _ in range(2)] == [200, 200]
            turned_away = ask(one, **{"x-forwarded-for": "192.0.2.1"})
            assert turned_away.status_code == 429
            assert turned_away.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
            assert turned_away.headers["strict-transport-security"] == "max-age=31536000"
            assert turned_away.headers.get_list("x-content-type-options") == ["nosniff"]
        with client(tmp_path, secure, "127.0.0.3") as other:
            led = other.get("/claims/off", extensions=named)
            claim = other.get(led.headers["location"], extensions=named)
            assert claim.status_code == 200
            assert "<https://record.example/claims/" in claim.headers["link"]
        led = httpx.get(f"http://127.0.0.1:{plain}/graphql?a=b", headers={"host": "x.example"})
        assert (led.status_code, led.headers["location"]) == (301, "https://x.example/graphql?a=b")
    assert "127.0.0.2" in (tmp_path / "access.log").read_text()


def test_streams_come_through_as_they_come(fresh: Database, tmp_path: Path) -> None:
    trusting = {"host": "record.example", "accept": "text/event-stream"}
    named = {"sni_hostname": "record.example"}
    asked = {"query": EVENTS}
    with (
        desk(fresh) as writing,
        nginx(tmp_path, writing.client.base_url.port or 0) as (_, secure),
        client(tmp_path, secure, "127.0.0.1") as reader,
        reader.stream("GET", "/graphql", params=asked, headers=trusting, extensions=named) as told,
        socket.create_connection(("127.0.0.1", secure)) as line,
        connect(
            "wss://record.example/graphql",
            sock=line,
            ssl=ssl.create_default_context(cafile=str(tmp_path / "record.pem")),
            subprotocols=[PROTOCOL],
            origin=Origin("https://record.example"),
        ) as opened,
    ):
        talking = Talk(opened)
        talking.greet()
        talking.subscribe("1")
        wait_for(writing.client, 2)
        events = (line for line in told.iter_lines() if line.startswith("data: "))
        for position in (1, 2):
            story = OpenStory(story=f"s-{position}", title="A story")
            assert writing.record(story)["position"] == position
            assert f'"position":{position}}}' in next(events)
            assert talking.hear()["payload"]["data"]["events"]["node"] == {"position": position}
