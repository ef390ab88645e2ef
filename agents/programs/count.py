"""Words, and for a summary the longest ones: {"text": ...} -> {"words": n} or {"summary": ...}."""

import json
import re
import sys

award = json.load(sys.stdin)
text = award["input"].get("text")
if not isinstance(text, str):
    sys.exit("the input has no text")
words = re.findall(r"\w+", text)
if award["skill"] == "text.summarise":
    longest = sorted(set(words), key=lambda word: (-len(word), word))[:5]
    json.dump({"summary": " ".join(longest)}, sys.stdout)
else:
    json.dump({"words": len(words)}, sys.stdout)
