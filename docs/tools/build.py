"""Build the site of docs/: `python3 run.py docs`, or `python -m docs.tools.build [FOLDER]`.

Nothing is fetched. The pages are staged as Markdown under .cache/docs, zensical makes HTML of them, and the HTML is
checked; a fault is a line on stderr and exit code 1. FOLDER is where the site goes, .cache/site where it is left out.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from docs.tools.site import check, cut_off
from docs.tools.source import ROOT
from docs.tools.stage import StagingError, stage

WORK = ROOT / ".cache" / "docs"
SITE = ROOT / ".cache" / "site"


def build(work: Path, site: Path) -> list[str]:
    """Stage, build and check; returns the faults.

    Args:
        work: a folder of ours, emptied first.
        site: where the HTML goes; what was there is replaced.
    Raises:
        StagingError: a page cannot be staged.
        RuntimeError: zensical failed; its words are the text.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    stage(work / "pages")
    shutil.copyfile(ROOT / "docs" / "zensical.toml", work / "zensical.toml")
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--clean", "--config-file", str(work / "zensical.toml")],
        cwd=work,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = done.stdout + done.stderr
    if done.returncode or not (work / "site" / "index.html").is_file():
        raise RuntimeError(said.strip() or "zensical built nothing")
    shutil.rmtree(site, ignore_errors=True)
    site.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(work / "site", site)
    cut_off(site)
    warned = [] if re.search(r"No issues found", said) else [f"zensical: {said.strip()}"]
    return [*warned, *check(site.resolve())]


def main(arguments: Sequence[str]) -> int:
    """Build, and say how it went."""
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    site = Path(arguments[0]).absolute() if arguments else SITE
    try:
        faults = build(WORK, site)
    except (StagingError, RuntimeError) as error:
        print(f"docs: {error}", file=sys.stderr)
        return 1
    for fault in faults:
        print(f"docs: {fault}", file=sys.stderr)
    count = sum(1 for _ in site.rglob("*.html"))
    print(f"{count} pages in {site}, {len(faults)} faults; open {site / 'index.html'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
