"""The first sentence of a text: {"text": ...} -> {"summary": ...}."""

import json
import re
import sys

award = json.load(sys.stdin)
text = award["input"].get("text")
if not isinstance(text, str) or not text.strip():
    sys.exit("the input has no text")
first = re.split(r"(?<=[.!?])\s", text.strip(), maxsplit=1)[0]
json.dump({"summary": first}, sys.stdout)
