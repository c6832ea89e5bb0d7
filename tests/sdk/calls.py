"""Makes calls through the official OpenAI SDK and writes what came back, as bytes and as the SDK's own objects.

Usage: calls.py BASE_URL PICTURE NAME...

The API key comes from OPENAI_API_KEY, headers for every call (a JSON object) from CALL_HEADERS. One JSON object goes to
stdout: for each name the result or the error, and every HTTP exchange that the SDK needed for it.
"""

import base64
import json
import os
import sys

import httpx2
from openai import APIStatusError, DefaultHttpxClient, OpenAI


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


def plain(model):
    return model.model_dump(mode="json")


def chat(client, text, **more):
    return client.chat.completions.create(
        model="gpt-5-mini", messages=[{"role": "user", "content": text}], **more
    )


def image_b64(client):
    return plain(client.images.generate(model="gpt-image-1.5", prompt="A fox in the snow", size="1024x1024"))


def image_url(client):
    return plain(client.images.generate(model="dall-e-3", prompt="A fox in the fog", response_format="url"))


def image_edit(client):
    with open(sys.argv[2], "rb") as file:
        picture = file.read()
    return plain(
        client.images.edit(
            model="gpt-image-1.5",
            image=[("fox.png", picture, "image/png"), ("snow.png", picture[::-1], "image/png")],
            prompt="Put the fox into the snow",
            size="1024x1024",
        )
    )


def chat_plain(client):
    return plain(chat(client, "Name three rivers."))


def chat_streamed(client):
    chunks = [plain(chunk) for chunk in chat(client, "Count to three.", stream=True)]
    text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    return {"text": text, "chunks": chunks}


def chat_echo(client):
    return plain(chat(client, "Which key do I use?"))


def secret_text():
    return f"My key is {os.environ['OPENAI_API_KEY']}, write to ada.lovelace@example.org about it."


def chat_secret(client):
    return plain(chat(client, secret_text()))


def chat_changed(client):
    """Differs from `chat_secret` in one field, so nothing answers it where nothing may be forwarded."""
    return plain(chat(client, secret_text(), temperature=0.25))


def embeddings(client):
    return plain(client.embeddings.create(model="text-embedding-3-small", input=["fox", "snow"]))


def rate_limited(client):
    return plain(chat(client.with_options(max_retries=0), "Am I too fast?"))


def run(client, tap, name):
    outcome = {"result": None, "error": None}
    try:
        outcome["result"] = globals()[name](client)
    except APIStatusError as error:
        outcome["error"] = {
            "type": type(error).__name__,
            "status": error.status_code,
            "message": str(error),
            "code": error.code,
            "retry_after": error.response.headers.get("retry-after"),
        }
    outcome["exchanges"] = tap.take()
    return outcome


def main():
    tap = Tap()
    client = OpenAI(
        base_url=sys.argv[1],
        default_headers=json.loads(os.environ["CALL_HEADERS"]),
        http_client=DefaultHttpxClient(transport=tap, trust_env=False),
        timeout=20,
    )
    json.dump({name: run(client, tap, name) for name in sys.argv[3:]}, sys.stdout)


if __name__ == "__main__":
    main()
