"""Check transcripts by hand: `python -m contractnet.conformance PROTOCOLS FILE…`; PROTOCOLS is the folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from contractnet.conformance.checker import check
from contractnet.conformance.faults import Fault
from contractnet.conformance.tables import Protocols


def main(arguments: list[str]) -> int:
    """Say one line about each file; 1 where one is not what its header says, 2 where nothing is to be checked."""
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    protocols, wrong = Protocols(Path(arguments[0])), 0
    for name in arguments[1:]:
        lines = Path(name).read_text(encoding="utf-8").splitlines()
        fault = check(lines, protocols).fault
        as_stated = as_its_header_says(lines, fault)
        wrong += not as_stated
        verdict = "keeps the protocol" if fault is None else f"line {fault.line}: {fault.kind}: {fault.text}"
        print(f"{name}: {verdict}{'' if as_stated else '   NOT AS ITS HEADER SAYS'}")
    return 1 if wrong else 0


def as_its_header_says(lines: list[str], fault: Fault | None) -> bool:
    """Whether a verdict is the one that the transcript's own header states; a header without one states `legal`."""
    try:
        header = json.loads(lines[0])
        stated = None if header.get("legal", True) else (header["line"], header["fault"], header["breaks"])
    except (ValueError, LookupError, AttributeError):
        return False
    if stated is None or fault is None:
        return stated is None and fault is None
    return stated[:2] == (fault.line, fault.kind) and stated[2] in fault.breaks


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
