"""What the calls of all SDKs share: what they are given, and the transport that keeps every exchange."""

import base64
import json
import os

import httpx2

BASE_URL = os.environ["SDK_BASE_URL"]
KEY = os.environ["SDK_KEY"]
HEADERS = json.loads(os.environ["SDK_HEADERS"])
RETRIES = os.environ["SDK_RETRIES"] == "1"
TIMEOUT_SECONDS = 20


def picture():
    with open(os.environ["SDK_PICTURE"], "rb") as file:
        return file.read()


class KeptStream(httpx2.SyncByteStream):
    """A response's stream that keeps what passes, before anything is decoded."""

    def __init__(self, stream, pieces):
        self.stream = stream
        self.pieces = pieces

    def __iter__(self):
        for piece in self.stream:
            self.pieces.append(piece)
            yield piece

    def close(self):
        self.stream.close()


class Tap(httpx2.HTTPTransport):
    """A transport that keeps every exchange."""

    def __init__(self):
        super().__init__()
        self.exchanges = []

    def handle_request(self, request):
        response = super().handle_request(request)
        pieces = []
        self.exchanges.append((request, response, pieces))
        response.stream = KeptStream(response.stream, pieces)
        return response

    def take(self):
        taken, self.exchanges = self.exchanges, []
        return [
            {
                "request_type": request.headers.get("content-type"),
                "status": response.status_code,
                "headers": {name.lower(): value for name, value in response.headers.items()},
                "body": base64.b64encode(b"".join(pieces)).decode(),
            }
            for request, response, pieces in taken
        ]
