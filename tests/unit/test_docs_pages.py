"""What the pages of docs/ say: links lead somewhere, code does what is told, what is named exists."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest

from contractnet.agent import definition, model_table
from contractnet.contractor.records import Timers as ContractorTimers
from contractnet.contractor.settings import Settings as ContractorSettings
from contractnet.errors import ContractNetError
from contractnet.manager.conditions import Timers as ManagerTimers
from contractnet.manager.settings import Settings as ManagerSettings
from contractnet.transport.amqp.settings import AmqpSettings
from docs.tools.blocks import NEEDS_BROKER, Reader
from docs.tools.commands import found
from docs.tools.failures import error_classes
from docs.tools.source import ROOT, docstring
from docs.tools.stage import DOCS, generate, pages
from docs.tools.text import anchors, blocks, links

WRITTEN = [*sorted(pages()), ROOT / "README.md"]
WITH_CODE = [path for path in WRITTEN if "```python" in path.read_text(encoding="utf-8") and path != ROOT / "README.md"]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def full(path: Path) -> str:
    """A page with what is generated."""
    return generate(path.read_text(encoding="utf-8"), name(path))


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    """Also where the page is read on a code host; what is generated counts."""
    faults = []
    for target, line in links(full(path)):
        parts = urlsplit(target)
        if parts.scheme:
            if parts.scheme != "https" or "." not in parts.netloc:
                faults.append(f"{line}: {target} is no address")
            continue
        file = (path.parent / parts.path).resolve() if parts.path else path
        if file.is_dir():
            file /= "README.md"
        if not file.is_file():
            faults.append(f"{line}: {target} leads to no file")
        elif parts.fragment and parts.fragment not in (anchors(full(file)) if file.suffix == ".md" else []):
            faults.append(f"{line}: {target} leads to no heading")
    assert faults == []


@pytest.mark.parametrize("path", [path for path in WITH_CODE if NEEDS_BROKER not in path.read_text()], ids=name)
def test_a_page_does_what_it_says(path: Path, tmp_path: Path) -> None:
    assert list(Reader(tmp_path).follow(path.read_text(encoding="utf-8"))) == []


def test_tutorials_have_code_that_runs() -> None:
    assert {path.stem for path in WITH_CODE} >= {"worker", "embed", "replay", "rounds", "award-rule"}


def called(line: str) -> list[str] | None:
    """The arguments of a `contractnet` command line, or None."""
    words = shlex.split(re.split(r" [&|;>]|;", line)[0], comments=True)
    if not words or words[0].rpartition("/")[2] != "contractnet":
        return None
    return words[1:]


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_commands_that_are_shown_exist_with_their_options(path: Path) -> None:
    lines = [
        line.removeprefix("$ ")
        for block in blocks(full(path))
        if block.language in ("sh", "console")
        for line in block.code.replace("\\\n", " ").splitlines()
        if block.language == "sh" or line.startswith("$ ")
    ]
    for arguments in filter(None, map(called, lines)):
        command = found(arguments)
        assert command is not None, arguments
        known = {option for one in command.params if isinstance(one, click.Option) for option in one.opts} | {"--help"}
        assert {word for word in arguments[1:] if word.startswith("--")} <= known, arguments


def test_the_navigation_has_every_page_once() -> None:
    text = (DOCS / "zensical.toml").read_text(encoding="utf-8")
    tomllib.loads(text)
    named = re.findall(r'= "([\w/-]+\.md)"', text)
    assert sorted(named) == sorted(str(place) for place in pages().values())


# ---- promises


def defined(file: str) -> set[str]:
    """The tests of a file, those of its classes included."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_promise_names_tests_that_exist() -> None:
    text = (DOCS / "promises.md").read_text(encoding="utf-8")
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    assert [part.partition(".")[0] for part in parts[1:]] == [str(number) for number in range(1, 12)]
    for part in parts[1:]:
        named = TEST.findall(part)
        assert named, part.splitlines()[0]
        assert [test for file, test in named if test not in defined(file)] == []


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_every_test_that_a_page_names_exists(path: Path) -> None:
    assert [f"{file}::{test}" for file, test in TEST.findall(full(path)) if test not in defined(file)] == []


# ---- decisions

DECISIONS = (DOCS / "decisions.md").read_text(encoding="utf-8")


def test_every_decision_that_is_cited_is_on_the_page() -> None:
    told = {int(number) for number in re.findall(r"^## D(\d+) ", DECISIONS, flags=re.MULTILINE)}
    assert told == set(range(1, 16))
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "contractnet").rglob("*.py"))
    cited = {int(number) for number in re.findall(r"\bD(\d{1,2})\b", code)}
    assert cited <= told


def test_the_timers_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", DECISIONS, flags=re.MULTILINE))
    manager, contractor = ManagerSettings(), ContractorSettings()
    ours, theirs = ManagerTimers(), ContractorTimers()

    def s(milliseconds: int) -> str:
        return f"{milliseconds / 1000:g} s"

    wanted = {
        "a contractor stops bidding before the end of the window": f"{theirs.margin_ppm // 10_000} % of it, at least "
        f"{s(theirs.margin_least_ms)}, at most {s(theirs.margin_most_ms)}",
        "how long an offer is asked to stand (`valid_for`)": f"reply within + lease + {s(ours.valid_for_extra_ms)}",
        "the manager stops using an offer before its end": s(ours.offer_margin_ms),
        "a contractor honours an offer after its end": s(theirs.offer_grace_ms),
        "an offer is held at best after its round": s(theirs.room_margin_ms),
        "added to the first lease, for the pick-up": s(ours.pickup_ms),
        "cancelled work has to stop; an unanswered cancel is given up": f"{s(theirs.stop_ms)}; {s(ours.cancel_ms)}",
        "a check may take": s(manager.check_ms),
        "presence: beat; lease": f"{s(contractor.beat_ms)}; {s(contractor.presence_lease_ms)}",
        "grace after an outage": s(manager.grace_ms),
        "one confirm of the broker": s(manager.confirm_ms),
        "longest wait before the next attempt to connect": f"{AmqpSettings().longest_wait_s:g} s",
    }
    assert wanted.items() <= rows.items()
    assert (manager.grace_ms, manager.presence_lease_ms) == (contractor.grace_ms, contractor.presence_lease_ms)


# ---- reference


def test_every_variable_of_the_code_is_on_the_page() -> None:
    told = full(DOCS / "reference" / "configuration.md")
    code = [*(ROOT / "contractnet").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    named = {
        one for path in code for one in re.findall(r"[\"'](CONTRACTNET_[A-Z_]+[A-Z])[\"']", path.read_text("utf-8"))
    }
    assert [one for one in sorted(named) if f"`{one}`" not in told] == []


def test_every_key_of_an_agents_file_is_on_its_page() -> None:
    told = (ROOT / "agents" / "README.md").read_text(encoding="utf-8")
    every = [*vars(definition).values(), *vars(model_table).values()]
    tables = {one for one in every if isinstance(one, type) and issubclass(one, model_table.Table)}
    keys = {key for table in tables for key in table.__struct_fields__}
    assert len(keys) > 10
    missing = [key for key in sorted(keys) if not re.search(rf"`\[?{key}\]?`", told)]
    assert missing == []


def test_every_error_says_what_to_do_and_stands_in_the_tree() -> None:
    tree = docstring("contractnet/errors.py")
    for one in error_classes():
        assert re.search(rf"^ *{one.__name__}\b", tree, flags=re.MULTILINE), one
        doc = one.__doc__ or ""
        assert "To do: " in doc or "ever raised itself" in doc or one is ContractNetError, one


def test_the_shown_part_of_the_demo_is_what_it_prints() -> None:
    page = (DOCS / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- until -->\n```text\n(.*?)```\n<!-- end -->", page, flags=re.DOTALL)
    assert shown
    assert shown[1] in generate(page, "README.md")
