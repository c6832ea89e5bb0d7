"""Calls through the official Anthropic SDK."""

import base64

from anthropic import Anthropic, APIStatusError, DefaultHttpxClient
from common import BASE_URL, HEADERS, KEY, TIMEOUT_SECONDS, picture

Raised = APIStatusError

TOOL = {
    "name": "get_weather",
    "description": "The weather of a town",
    "input_schema": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
}


def connect(transport):
    return Anthropic(
        api_key=KEY,
        base_url=BASE_URL,
        default_headers=HEADERS,
        http_client=DefaultHttpxClient(transport=transport, trust_env=False),
        timeout=TIMEOUT_SECONDS,
    )


def described(error):
    return {"status": error.status_code, "code": error.body["error"]["type"]}


def asked(content, **more):
    return {
        "model": "claude-sonnet-4-5",
        "max_tokens": 64,
        "messages": [{"role": "user", "content": content}],
        **more,
    }


def message(client, content, **more):
    return client.messages.create(**asked(content, **more)).model_dump(mode="json")


def streamed_message(client, content, **more):
    with client.messages.stream(**asked(content, **more)) as stream:
        text = "".join(stream.text_stream)
        return {"text": text, "message": stream.get_final_message().model_dump(mode="json")}


def plain(client):
    return message(client, "Name three rivers.")


def plain_changed(client):
    """Differs from `plain` in one field, so nothing answers it where nothing may be forwarded."""
    return message(client, "Name three rivers.", stop_sequences=["Volga"])


def streamed(client):
    return streamed_message(client, "Count to three.")


def streamed_changed(client):
    return streamed_message(client, "Count to three.", stop_sequences=["Volga"])


def tools(client):
    """A tool is asked for, and its result is given in a second turn, which says the id of the first one's answer."""
    question = asked("What is the weather in Ulm?", tools=[TOOL])
    first = client.messages.create(**question)
    use = next(block for block in first.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": use.id, "content": "rain"}
    turns = [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    second = client.messages.create(**{**question, "messages": question["messages"] + turns})
    return [first.model_dump(mode="json"), second.model_dump(mode="json")]


def tools_streamed(client):
    """The tool's input arrives in pieces of JSON, which the SDK puts together."""
    return streamed_message(client, "What is the weather in Bonn?", tools=[TOOL])


def counted(client):
    """With the header that SDKs before 2.0 send their key in."""
    counted = client.messages.count_tokens(
        model="claude-sonnet-4-5",
        messages=[{"role": "user", "content": "How long am I?"}],
        extra_headers={"X-Api-Key": KEY},
    )
    return counted.model_dump(mode="json")


def pictured(client):
    data = base64.b64encode(picture()).decode()
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    return message(client, [image, {"type": "text", "text": "What is this?"}])


def job(client):
    """A batch is submitted and asked for until it has ended."""
    request = {"custom_id": "one", "params": asked("Name a sea.")}
    batch = client.messages.batches.create(requests=[request])
    states = [batch.model_dump(mode="json")]
    while batch.processing_status != "ended":
        batch = client.messages.batches.retrieve(batch.id)
        states.append(batch.model_dump(mode="json"))
    return states


def echo(client):
    return message(client, "Which key do I use?")


def overloaded(client):
    return message(client.with_options(max_retries=0), "Is there room for me?")
