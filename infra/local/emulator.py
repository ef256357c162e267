"""Starts and stops the emulator: one process of this machine that answers for any number of AWS accounts.

It speaks TLS with a certificate of its own, because the template's policies refuse what does not, and it checks signatures and
policies (`AUTH`), because a permission that is missing has to be missed here.
"""

import contextlib
import datetime
import errno
import ipaddress
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

REGION = "eu-central-1"
SECRET = "local"  # of every account; the key's name is the account's number
HERE = Path(__file__).resolve().parent
PATIENCE_S = 60
PORTS_TRIED = 5


class PortTakenError(RuntimeError):
    """The emulator's port belongs to another program."""


class Emulator:
    """The process, and where it is reached."""

    def __init__(self, folder, port=None, mended=True):
        self.folder = Path(folder).resolve()
        self.port = port
        self.mended = mended
        self.certificate = self.folder / "certificate.pem"
        self.log = self.folder / "emulator.log"
        self.process = None

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Starts the process and waits until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "tmp").mkdir(exist_ok=True)
        key = self.folder / "key.pem"
        write_certificate(self.certificate, key)
        if self.port:
            self._run(key)
            return
        for attempt in range(1, PORTS_TRIED + 1):
            self.port = _free_port()
            try:
                self._run(key)
                return
            except PortTakenError:  # by another program, after it was found free
                if attempt == PORTS_TRIED:
                    raise

    def _run(self, key):
        program = [str(HERE / "mended.py"), *([] if self.mended else ["unmended"])]
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [sys.executable, *program], cwd=self.folder, env=self._environment(key), stdout=log, stderr=log, start_new_session=True
            )
        self._wait()

    def stop(self):
        """Ends the process, and the functions that it started."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _environment(self, key):
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "tmp"),
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(self.certificate),
            "MINISTACK_SSL_KEY": str(key),
            "MINISTACK_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            # The functions inherit the rest: where AWS is, and whom to believe.
            "AWS_ENDPOINT_URL": self.url,
            "SSL_CERT_FILE": str(self.certificate),
        }

    def _wait(self):
        context = ssl.create_default_context(cafile=str(self.certificate))
        for _ in range(PATIENCE_S * 10):
            if self.process.poll() is not None:
                said = self.log.read_text(encoding="utf-8")
                kind = PortTakenError if os.strerror(errno.EADDRINUSE) in said else RuntimeError
                raise kind(f"the emulator ended at once; it said:\n{said}")
            with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                with urllib.request.urlopen(f"{self.url}/_ministack/health", context=context, timeout=5):
                    return
            time.sleep(0.1)
        raise RuntimeError(f"the emulator did not answer within {PATIENCE_S} s; its log is {self.log}")


def write_certificate(certificate, key):
    """A certificate for this machine alone. Programs that verify by webpki want one that is no authority."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tidegate on this machine")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.DNSName("localhost"), x509.DNSName("*.execute-api.localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.touch(mode=0o600)
    key.write_bytes(
        private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
