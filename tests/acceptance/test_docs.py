"""The pages of docs/ whose commands talk to a broker, followed as a reader would."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from docs.tools.blocks import MODEL, NEEDS_BROKER, Reader
from docs.tools.source import ROOT
from docs.tools.stage import pages
from tests.support.chat import Body, completion, endpoint, middle, schema_of

#: of every timer, so that a manager listens a second and not five for who is there
SCALE = "0.2"
PAGES = [path for path in sorted(pages()) if NEEDS_BROKER in path.read_text(encoding="utf-8")]


def test_there_are_such_pages() -> None:
    assert [path.stem for path in PAGES] == ["models", "worker"]


def model(body: Body) -> Body:
    """Fills in every form; asked for a plan, one of two tasks."""
    schema = schema_of(body)
    if schema is None:
        return completion("Gladly.")
    one = {"task": "Summarise", "skill": "text.summarise", "text": "It rains.", "after": [], "share_pct": 50}
    plan = {"tasks": [{**one, "id": "first"}, {**one, "id": "second", "after": ["first"]}]}
    return completion(json.dumps(plan if "tasks" in schema["properties"] else middle(schema)))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_does_what_it_says(path: Path, tmp_path: Path, amqp_url: str) -> None:
    reader = Reader(tmp_path, {"CONTRACTNET_BROKER": amqp_url, "CONTRACTNET_TIME_SCALE": SCALE}, "connected")
    with endpoint(model) as server:
        text = path.read_text(encoding="utf-8").replace(MODEL, urlsplit(server.url).netloc)
        wrong = "\n".join(reader.follow(text))
    assert not wrong, wrong


def test_the_first_commands_of_the_readme_settle_a_task(tmp_path: Path, amqp_url: str) -> None:
    """The sample worker and the call of the README, as they stand; and a call that says why it did not settle."""
    lines = re.findall(
        r"^contractnet (?:worker|call \").*", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    worker, call = (line.partition("  #")[0].rstrip() for line in lines)
    (tmp_path / "agents").symlink_to(ROOT / "agents")
    without = re.sub(r"--input '.*?' ", "", call)
    page = f"""```console
$ {worker} &
$ {call}
{{…"status":"settled",…"winner":"summariser",…"result":{{"summary":"It rains."}},…}}
contractnet call: 1 settled
$ {without}
{{…"status":"failed",…}}
contractnet call: 1 failed
contractnet call: what happened: summariser lost slot 1: failed (error); all of it: …
```
"""
    reader = Reader(tmp_path, {"CONTRACTNET_BROKER": amqp_url, "CONTRACTNET_TIME_SCALE": SCALE}, "connected")
    wrong = "\n".join(reader.follow(page))
    assert not wrong, wrong
