"""The pages of the experiments: one for each, with picture, paragraph and table, and one that lists them.

A page is made of the experiment's own number of trials and of one seed, so making it again gives the same bytes;
where it does not, the package decides otherwise than it did, and the page says so no longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Final

from contractnet.arena.catalogue import EXPERIMENTS, experiment
from contractnet.arena.experiment import Experiment, Findings, Progress
from contractnet.arena.numbers import markdown
from contractnet.arena.svg import svg

#: of the pages, and of a run that names none
SEED: Final = 1
INDEX: Final = "README.md"
_MADE: Final = "<!-- Made by `contractnet arena report`. Do not edit. -->"
_WIDTH: Final = 128


def pages(names: Sequence[str], begin: Callable[[Experiment], Progress]) -> Iterator[tuple[str, str]]:
    """The files of these experiments, and the list of all: name in the folder, text.

    Args:
        begin: told of each experiment before it runs; what it returns is told of the steps.
    Raises:
        DefinitionError: there is no experiment of that name.
    """
    chosen = [experiment(name) for name in names]
    for one in chosen:
        found = one.run(SEED, one.trials, begin(one))
        yield f"{one.name}.svg", picture(one, found, command(one.name))
        yield f"{one.name}.md", page(one, found)
    yield INDEX, index()


def command(name: str) -> str:
    """What runs an experiment as its page has it."""
    return f"contractnet arena run {name} --seed {SEED}"


def picture(one: Experiment, found: Findings, source: str) -> str:
    """The charts of a run as SVG."""
    return svg(found.charts, one.asks, source)


def page(one: Experiment, found: Findings) -> str:
    """The page of an experiment."""
    parameters = "".join(f"| {parameter.name} | {parameter.value} |\n" for parameter in one.parameters)
    return "\n".join(
        [
            f"# {one.name}",
            "",
            _MADE,
            "",
            _folded(f"**{one.asks}**"),
            "",
            f"```sh\n{command(one.name)}\n```",
            "",
            f"![{one.asks}]({one.name}.svg)",
            "",
            _folded(found.says),
            "",
            "## How it is played",
            "",
            _folded(one.setting),
            "",
            f"| fixed | |\n| --- | --- |\n{parameters}| trials | {one.trials:,} {one.trial} |\n| seed | {SEED} |",
            "",
            _folded(f"Source: {one.source}"),
            "",
            "## What was measured",
            "",
            markdown(found.table),
        ]
    )


def index() -> str:
    """The page that lists the experiments."""
    rows = "".join(f"| [{name}]({name}.md) | {experiment(name).asks} |\n" for name in EXPERIMENTS)
    return "\n".join(
        [
            "# Experiments",
            "",
            _MADE,
            "",
            _folded(
                "What award rules, reserves and calibrated confidence do, and how two sides bargain, measured over "
                "many simulated rounds. The rules are those of the package, asked as a manager asks them; bidders and "
                "their luck are drawn from a seed. Pairings, players and scenarios of your own: `contractnet bargain`."
            ),
            "",
            f"| experiment | asks |\n| --- | --- |\n{rows}",
            "Each is one command:",
            "",
            "```sh\n"
            "contractnet arena list\n"
            "contractnet arena run reserve --trials 20000 --plot reserve.svg --csv reserve.csv\n"
            "contractnet arena report --check\n"
            "```",
            "",
            _folded(
                "A number in brackets is a 95 % interval: of a share by Wilson, of a mean by the normal law, of what "
                "is measured over whole markets by bootstrap over the markets. An interval speaks of chance alone, "
                "not of how well the setting fits your market: change the seed for the first, and read each page's "
                "settings for the second. Columns called theory are exact. Amounts are in units of the currency."
            ),
            "",
            _folded(
                "The same seed and number of trials give the same bytes on every machine. `contractnet arena report` "
                "makes these pages anew, and with `--check` it says which of them are no longer what the package does. "
                "The pictures here are SVG; `--plot` also writes PNG, with the fonts of the machine, where "
                "`contractnet[png]` is installed."
            ),
            "",
        ]
    )


def drift(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Which files are not what they would be if they were made now, a line each."""
    faults: list[str] = []
    for name, text in files.items():
        path = folder / name
        if not path.is_file():
            faults.append(f"{path} is missing; run `contractnet arena report`")
        elif path.read_text(encoding="utf-8") != text:
            faults.append(f"{path} is not current; run `contractnet arena report`")
    return faults


def left_over(folder: Path) -> list[str]:
    """Files of experiments that are no more, a line each."""
    known = {INDEX, *(f"{name}.{kind}" for name in EXPERIMENTS for kind in ("md", "svg"))}
    return [f"{path} is of no experiment; remove it" for path in sorted(folder.glob("*")) if path.name not in known]


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files.

    Raises:
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _folded(text: str) -> str:
    return "\n".join(wrap(text, _WIDTH, break_on_hyphens=False, break_long_words=False))
