"""A person in front of the approver's page: a browser's two requests, without a browser."""

import http.client
import socket
import ssl
from urllib.parse import urlencode, urlsplit


class _Here(http.client.HTTPSConnection):
    """A connection to this machine under the name that the address says, whatever the resolver thinks of it."""

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


def request(emulator, method, address, form=None, headers=None):
    """Status, headers and text of the page's answer."""
    parts = urlsplit(address)
    context = ssl.create_default_context(cafile=str(emulator.certificate))
    connection = _Here(parts.hostname, parts.port, timeout=30, context=context)
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", "Origin": "null"} if form else headers or {}
    connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, urlencode(form) if form else None, sent)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, dict(answer.getheaders()), text
