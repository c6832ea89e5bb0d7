"""Calls through the official OpenAI SDK."""

from common import BASE_URL, HEADERS, KEY, TIMEOUT_SECONDS, picture
from openai import APIStatusError, DefaultHttpxClient, OpenAI

Raised = APIStatusError


def connect(transport):
    return OpenAI(
        api_key=KEY,
        base_url=BASE_URL,
        default_headers=HEADERS,
        http_client=DefaultHttpxClient(transport=transport, trust_env=False),
        timeout=TIMEOUT_SECONDS,
    )


def described(error):
    return {
        "status": error.status_code,
        "code": error.code,
        "retry_after": error.response.headers.get("retry-after"),
    }


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
    fox = picture()
    return plain(
        client.images.edit(
            model="gpt-image-1.5",
            image=[("fox.png", fox, "image/png"), ("snow.png", fox[::-1], "image/png")],
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
    return f"My key is {KEY}, write to ada.lovelace@example.org about it."


def chat_secret(client):
    return plain(chat(client, secret_text()))


def chat_changed(client):
    """Differs from `chat_secret` in one field, so nothing answers it where nothing may be forwarded."""
    return plain(chat(client, secret_text(), temperature=0.25))


def embeddings(client):
    return plain(client.embeddings.create(model="text-embedding-3-small", input=["fox", "snow"]))


def listed(client):
    return [plain(model) for model in client.models.list()]


def job(client):
    """A response is made in the background, and asked for until it is done."""
    response = client.responses.create(model="gpt-5", input="Write a long story.", background=True)
    states = [plain(response)]
    while response.status in ("queued", "in_progress"):
        response = client.responses.retrieve(response.id)
        states.append(plain(response))
    return states


def rate_limited(client):
    return plain(chat(client.with_options(max_retries=0), "Am I too fast?"))
