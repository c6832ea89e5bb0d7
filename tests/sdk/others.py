"""Makes calls through the official Anthropic or Google Gen AI SDK and writes what the SDK made of the answers.

Usage: others.py anthropic|gemini BASE_URL PICTURE NAME...

The API key comes from SDK_KEY, headers for every call (a JSON object) from CALL_HEADERS. One JSON object goes to stdout: for
each name the result or the error.
"""

import base64
import json
import os
import sys

KEY = os.environ["SDK_KEY"]
HEADERS = json.loads(os.environ["CALL_HEADERS"])


def picture():
    with open(sys.argv[3], "rb") as file:
        return file.read()


class Claude:
    """Calls of the Messages API."""

    MODEL = "claude-sonnet-4-5"
    TOOL = {
        "name": "get_weather",
        "description": "The weather of a town",
        "input_schema": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
    }

    def __init__(self, base_url):
        import anthropic

        self.error = anthropic.APIStatusError
        self.client = anthropic.Anthropic(api_key=KEY, base_url=base_url, default_headers=HEADERS, timeout=20)

    def ask(self, content, **more):
        messages = [{"role": "user", "content": content}]
        return self.client.messages.create(model=self.MODEL, max_tokens=64, messages=messages, **more)

    def plain(self):
        return self.ask("Name three rivers.").model_dump(mode="json")

    def changed(self):
        """Differs from `plain` in one field."""
        return self.ask("Name three rivers.", extra_body={"temperature": 0.25}).model_dump(mode="json")

    def streamed(self):
        messages = [{"role": "user", "content": "Count to three."}]
        with self.client.messages.stream(model=self.MODEL, max_tokens=64, messages=messages) as stream:
            text = "".join(stream.text_stream)
            return {"text": text, "message": stream.get_final_message().model_dump(mode="json")}

    def tools(self):
        asked = "What is the weather in Ulm?"
        first = self.ask(asked, tools=[self.TOOL])
        use = next(block for block in first.content if block.type == "tool_use")
        result = {"type": "tool_result", "tool_use_id": use.id, "content": "rain"}
        second = self.client.messages.create(
            model=self.MODEL,
            max_tokens=64,
            tools=[self.TOOL],
            messages=[
                {"role": "user", "content": asked},
                {"role": "assistant", "content": first.content},
                {"role": "user", "content": [result]},
            ],
        )
        return [first.model_dump(mode="json"), second.model_dump(mode="json")]

    def counted(self):
        messages = [{"role": "user", "content": "How long am I?"}]
        return self.client.messages.count_tokens(model=self.MODEL, messages=messages).model_dump(mode="json")

    def pictured(self):
        data = base64.b64encode(picture()).decode()
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
        return self.ask([image, {"type": "text", "text": "What is this?"}]).model_dump(mode="json")


class Gemini:
    """Calls of the Gemini API."""

    MODEL = "gemini-2.5-flash"

    def __init__(self, base_url):
        from google import genai
        from google.genai import errors, types

        self.types, self.error = types, errors.APIError
        options = types.HttpOptions(base_url=base_url, headers=HEADERS, timeout=20_000)
        self.client = genai.Client(api_key=KEY, http_options=options)

    def dumped(self, answer):
        return answer.model_dump(mode="json", exclude_none=True, exclude={"sdk_http_response"})

    def ask(self, contents, **config):
        config = self.types.GenerateContentConfig(**config) if config else None
        return self.client.models.generate_content(model=self.MODEL, contents=contents, config=config)

    def plain(self):
        return self.dumped(self.ask("Name three rivers."))

    def changed(self):
        """Differs from `plain` in one field."""
        return self.dumped(self.ask("Name three rivers.", temperature=0.25))

    def streamed(self):
        chunks = list(self.client.models.generate_content_stream(model=self.MODEL, contents="Count to three."))
        return {"text": "".join(chunk.text or "" for chunk in chunks), "chunks": [self.dumped(c) for c in chunks]}

    def chat(self):
        chat = self.client.chats.create(model=self.MODEL)
        return [self.dumped(chat.send_message(text)) for text in ["Name a river.", "And its length?"]]

    def embedded(self):
        return self.dumped(self.client.models.embed_content(model="gemini-embedding-001", contents="fox"))

    def called(self):
        town = self.types.Schema(type="OBJECT", properties={"town": self.types.Schema(type="STRING")})
        declared = self.types.FunctionDeclaration(name="get_weather", description="Weather", parameters=town)
        tool = self.types.Tool(function_declarations=[declared])
        return self.dumped(self.ask("What is the weather in Ulm?", tools=[tool]))

    def pictured(self):
        part = self.types.Part.from_bytes(data=picture(), mime_type="image/png")
        return self.dumped(self.ask([part, "What is this?"]))


def run(sdk, name):
    try:
        return {"result": getattr(sdk, name)(), "error": None}
    except sdk.error as error:
        status = getattr(error, "status_code", None) or getattr(error, "code", None)
        return {"result": None, "error": {"type": type(error).__name__, "status": status, "message": str(error)}}


def main():
    sdk = {"anthropic": Claude, "gemini": Gemini}[sys.argv[1]](sys.argv[2])
    json.dump({name: run(sdk, name) for name in sys.argv[4:]}, sys.stdout)


if __name__ == "__main__":
    main()
