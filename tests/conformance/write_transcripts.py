"""Write `protocols/transcripts/*.jsonl` anew: `python -m tests.conformance.write_transcripts`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.conformance.illegal_transcripts import illegal
from tests.conformance.legal_transcripts import legal
from tests.conformance.transcript_lines import Lines

PROTOCOLS = Path(__file__).parents[2] / "protocols"

FOLDER = PROTOCOLS / "transcripts"


def everything() -> Iterator[tuple[str, Lines]]:
    """(file name, transcript)."""
    for transcript in legal():
        yield f"legal-{transcript.name}.jsonl", transcript
    for transcript in illegal():
        yield f"illegal-{transcript.name}.jsonl", transcript


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.jsonl"):
        old.unlink()
    for name, transcript in everything():
        (FOLDER / name).write_text(transcript.text(), encoding="utf-8")


if __name__ == "__main__":
    main()
