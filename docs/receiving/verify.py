"""A receiver in Python with nothing installed: python3 verify.py (PORT, WEBHOOK_SECRET)"""

import base64
import hashlib
import hmac
import json
import os
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_S = 300
BODY_BYTES_MAX = 4 * 1024 * 1024


def key_of(secret: str) -> bytes:
    """The decoded rest of a secret with whsec_ before it, and the bytes of any other."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    text = secret[len("whsec_"):]
    return base64.b64decode(text + "=" * (-len(text) % 4))


def verify(headers, body: bytes, secret: str) -> bool:
    """Whether the request is Posthorn's and fresh. `body` is the bytes that came."""
    event_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not re.fullmatch("[0-9]+", timestamp) or abs(time.time() - int(timestamp)) > TOLERANCE_S:
        return False
    signed = f"{event_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()
    # While a secret is rotated there are two signatures; one that is right is enough.
    return any(hmac.compare_digest(each.encode(), expected.encode()) for each in signatures.split(" "))


seen = set()  # In a real receiver: a unique column in your database.


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", "0"))
        if length > BODY_BYTES_MAX:
            return self.answer(413)
        body = self.rfile.read(length)
        if not verify(self.headers, body, os.environ["WEBHOOK_SECRET"]):
            return self.answer(401)
        self.answer(204)
        event_id = self.headers["webhook-id"]
        if event_id not in seen:  # The work, after the answer.
            seen.add(event_id)
            print(f"handled {event_id} {json.loads(body)['event_type']}", flush=True)

    def answer(self, status: int):
        self.send_response(status)
        self.end_headers()
        self.wfile.flush()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "4000"))), Receiver)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()
