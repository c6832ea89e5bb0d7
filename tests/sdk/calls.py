"""Makes calls through an official SDK and writes what came back, as bytes and as the SDK's own objects.

Usage: calls.py SDK NAME...

The functions NAME of the module calls_SDK are called. What they need is in the environment: SDK_BASE_URL, SDK_KEY,
SDK_HEADERS (a JSON object, sent with every call), SDK_PICTURE (a file) and SDK_RETRIES (1 where an SDK is to try again
that does not do so by itself). One JSON object goes to stdout: for each name
the result or the error, and every HTTP exchange that the SDK needed for it.
"""

import importlib
import json
import os
import sys

# Python is started isolated, and so does not look beside the script.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import Tap


def run(calls, client, tap, name):
    outcome = {"result": None, "error": None}
    try:
        outcome["result"] = getattr(calls, name)(client)
    except calls.Raised as error:
        outcome["error"] = {"type": type(error).__name__, "message": str(error), **calls.described(error)}
    outcome["exchanges"] = tap.take()
    return outcome


def main():
    calls = importlib.import_module(f"calls_{sys.argv[1]}")
    tap = Tap()
    client = calls.connect(tap)
    json.dump({name: run(calls, client, tap, name) for name in sys.argv[2:]}, sys.stdout)


if __name__ == "__main__":
    main()
