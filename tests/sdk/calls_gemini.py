"""Calls through the official Google Gen AI SDK, of the Gemini API."""

from common import BASE_URL, HEADERS, KEY, RETRIES, TIMEOUT_SECONDS, picture
from google import genai
from google.genai import errors, types

Raised = errors.APIError

MODEL = "gemini-2.5-flash"
WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="get_weather",
            description="The weather of a town",
            parameters=types.Schema(type="OBJECT", properties={"town": types.Schema(type="STRING")}),
        )
    ]
)


def connect(transport):
    options = types.HttpOptions(
        base_url=BASE_URL,
        headers=HEADERS,
        timeout=TIMEOUT_SECONDS * 1000,
        client_args={"transport": transport, "trust_env": False},
        retry_options=types.HttpRetryOptions(attempts=3, initial_delay=0.01, max_delay=0.02) if RETRIES else None,
    )
    return genai.Client(api_key=KEY, http_options=options)


def described(error):
    return {"status": error.code, "code": error.status}


def plain_object(answer):
    return answer.model_dump(mode="json", exclude_none=True, exclude={"sdk_http_response"})


def generate(client, contents, **config):
    config = types.GenerateContentConfig(**config)
    return client.models.generate_content(model=MODEL, contents=contents, config=config)


def generate_streamed(client, contents, **config):
    config = types.GenerateContentConfig(**config)
    chunks = list(client.models.generate_content_stream(model=MODEL, contents=contents, config=config))
    return {"text": "".join(chunk.text or "" for chunk in chunks), "chunks": [plain_object(chunk) for chunk in chunks]}


def plain(client):
    return plain_object(generate(client, "Name three rivers."))


def plain_changed(client):
    """Differs from `plain` in one field, so nothing answers it where nothing may be forwarded."""
    return plain_object(generate(client, "Name three rivers.", stop_sequences=["Volga"]))


def streamed(client):
    return generate_streamed(client, "Count to three.")


def streamed_changed(client):
    return generate_streamed(client, "Count to three.", stop_sequences=["Volga"])


def chat(client):
    chat = client.chats.create(model=MODEL)
    return [plain_object(chat.send_message(text)) for text in ["Name a river.", "And its length?"]]


def embedded(client):
    return plain_object(client.models.embed_content(model="gemini-embedding-001", contents=["fox", "snow"]))


def tools(client):
    """A function is called for, and its result is given in a second turn."""
    off = types.AutomaticFunctionCallingConfig(disable=True)
    config = {"tools": [WEATHER], "automatic_function_calling": off}
    question = types.Content(role="user", parts=[types.Part(text="What is the weather in Ulm?")])
    first = generate(client, [question], **config)
    call = first.function_calls[0]
    result = types.FunctionResponse(id=call.id, name=call.name, response={"weather": "rain"})
    answered = types.Content(role="user", parts=[types.Part(function_response=result)])
    second = generate(client, [question, first.candidates[0].content, answered], **config)
    return [plain_object(first), plain_object(second)]


def pictured(client):
    return plain_object(generate(client, [types.Part.from_bytes(data=picture(), mime_type="image/png"), "What is this?"]))


def echo(client):
    return plain_object(generate(client, "Which key do I use?"))


def job(client):
    """A batch is submitted and asked for until it is done."""
    request = types.InlinedRequest(contents=[types.Content(role="user", parts=[types.Part(text="Name a sea.")])])
    batch = client.batches.create(model=MODEL, src=[request])
    states = [plain_object(batch)]
    while not batch.done:
        batch = client.batches.get(name=batch.name)
        states.append(plain_object(batch))
    return states


def overloaded(client):
    return plain_object(generate(client, "Is there room for me?"))
