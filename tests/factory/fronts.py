"""nginx and Caddy with the files of deploy/, on free ports of this machine and a made certificate."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.factory.conftest import wait_for
from tests.services import ROOT

NAME = "factory.example.org"
_NGINX = """daemon off;
pid {place}/nginx.pid;
error_log {place}/error.log notice;
{user}
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    include {place}/site.conf;
}}
"""


@dataclass(frozen=True)
class Front:
    """The ports of one proxy, and where it finds the product."""

    place: Path
    plain: int
    secure: int
    product: int

    @property
    def url(self) -> str:
        """The address people type."""
        return f"https://localhost:{self.secure}"

    @property
    def certificate(self) -> Path:
        """What clients trust."""
        return self.place / "certificate.pem"


def program(name: str) -> str:
    """This function will find a program of the system, also one for administrators, or fail."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    assert found, f"{name} is not installed: run .ci/run, which brings what tests need"
    return found


def certify(place: Path) -> None:
    """This function will make a certificate for localhost that signs itself."""
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    words += " -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    argv = [program("openssl"), *words.split()]
    argv += ["-keyout", place / "key.pem", "-out", place / "certificate.pem"]
    subprocess.run(argv, check=True, capture_output=True, timeout=30)


@contextmanager
def nginx(front: Front) -> Iterator[None]:
    """This function will run nginx with deploy/nginx.conf."""
    site = (ROOT / "deploy/nginx.conf").read_text()
    changes = {
        r"listen 80;": f"listen 127.0.0.1:{front.plain};",
        r"listen 443 ssl": f"listen 127.0.0.1:{front.secure} ssl",
        r" *listen \[::\].*\n": "",
        r"127\.0\.0\.1:8000": f"127.0.0.1:{front.product}",
        r"/etc/ssl/certs/\S+\.pem": str(front.certificate),
        r"/etc/ssl/private/\S+\.key": str(front.place / "key.pem"),
        re.escape(f"server_name {NAME}"): "server_name localhost",
        # The ports of the real one are the usual ones.
        r"https://\$server_name": f"https://$server_name:{front.secure}",
    }
    (front.place / "site.conf").write_text(_changed(site, changes))
    user = "user root;" if os.getuid() == 0 else ""
    (front.place / "nginx.conf").write_text(_NGINX.format(place=front.place, user=user))
    argv = [program("nginx"), "-p", str(front.place), "-c", str(front.place / "nginx.conf")]
    argv += ["-e", str(front.place / "error.log")]
    with _running(argv, front):
        yield


@contextmanager
def caddy(front: Front) -> Iterator[None]:
    """This function will run Caddy with deploy/Caddyfile."""
    changes = {
        r"\theader -Server": f"\ttls {front.certificate} {front.place}/key.pem\n\theader -Server",
    }
    site = _changed((ROOT / "deploy/Caddyfile").read_text(), changes)
    ours = f"{{\n\tadmin off\n\thttp_port {front.plain}\n\thttps_port {front.secure}\n"
    ours += "\tdefault_bind 127.0.0.1\n\tskip_install_trust\n}\n"
    (front.place / "Caddyfile").write_text(ours + site)
    argv = [program("caddy"), "run", "--adapter", "caddyfile"]
    named = {"FACTORY_NAME": front.url, "FACTORY_UPSTREAM": f"127.0.0.1:{front.product}"}
    with _running([*argv, "--config", str(front.place / "Caddyfile")], front, **named):
        yield


FRONTS: dict[str, Callable[[Front], object]] = {"nginx": nginx, "caddy": caddy}


@contextmanager
def _running(argv: list[str], front: Front, **more: str) -> Iterator[None]:
    home = {"HOME": str(front.place), "XDG_DATA_HOME": str(front.place)}
    with open(front.place / "said", "w") as said:
        started = subprocess.Popen(
            argv, stdout=said, stderr=said, env=os.environ | home | more, start_new_session=True
        )
    try:
        heard = lambda: (front.place / "said").read_text()  # noqa: E731 — one question, asked often
        answers = wait_for(lambda: _listens(front.secure) or started.poll() is not None, 90)
        assert answers, heard()
        assert started.poll() is None, heard()
        yield
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGTERM)
        started.wait(10)


def _changed(text: str, changes: dict[str, str]) -> str:
    for pattern, replacement in changes.items():
        text, count = re.subn(pattern, lambda _, words=replacement: words, text)
        assert count, f"nothing in the file looks like {pattern}"
    return text


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
