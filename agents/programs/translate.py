"""English to German, word by word, from a tiny table: {"text": ...} -> {"translation": ..., "unknown": [...]}."""

import json
import re
import sys

TABLE = {
    "and": "und",
    "black": "schwarz",
    "blank": "leer",
    "good": "gut",
    "is": "ist",
    "morning": "Morgen",
    "order": "Auftrag",
    "page": "Seite",
    "printer": "Drucker",
    "ready": "fertig",
    "the": "der",
    "today": "heute",
}

award = json.load(sys.stdin)
text = award["input"].get("text")
if not isinstance(text, str) or not text.strip():
    sys.exit("the input has no text")
words = re.findall(r"\w+|[^\w\s]+", text.lower())
unknown = sorted({word for word in words if word.isalpha() and word not in TABLE})
json.dump({"translation": " ".join(TABLE.get(word, word) for word in words), "unknown": unknown}, sys.stdout)
