#!/usr/bin/env python3
"""Make the screens of this folder: what commands show in a terminal of 80 and of 140 columns, as SVG.

    .venv/bin/python docs/screens/make.py [FOLDER]   # after `python3 run.py install`; brings RabbitMQ as the tests do

Everything is run for the picture: a private broker, a worker, tenders. Times and ids differ from run to run.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from html import escape
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402
from rich.style import Style  # noqa: E402
from rich.terminal_theme import MONOKAI  # noqa: E402
from rich.text import Text  # noqa: E402

from contractnet.testing.node import PrivateNode  # noqa: E402
from tests.support.commands import started  # noqa: E402
from tests.support.terminal import Terminal  # noqa: E402

WIDTHS: Final = (80, 140)
#: a screen shows so many lines of a long output; of the demo's all
MOST_LINES: Final = {"demo": 200}
USUAL_LINES: Final = 40
#: where it is shown as run
HOME: Final = "/home/you"
THEME: Final = MONOKAI
FRONT, BACK = (0xD9, 0xD9, 0xD9), (0x17, 0x17, 0x1C)
CHARACTER, LINE, EDGE = 8.4, 18, 12  #: pixels
TASKS: Final = """\
{"task": "Count the words", "skill": "text.count", "input": {"text": "one two three"}, "reserve": "0.05"}
{"task": "Count them again", "skill": "text.count", "input": {"text": "one two"}, "reserve": "0.05"}
{"task": "Translate a greeting", "skill": "text.translate", "input": {"text": "good morning"}, "reserve": "0.08"}
"""


def main(arguments: list[str]) -> int:
    """Make all of them."""
    target = Path(arguments[0]) if arguments else Path(__file__).parent
    with tempfile.TemporaryDirectory(prefix="market") as name, PrivateNode() as node:
        folder = Path(name)
        screen = Screens(folder, target).make
        (folder / "tasks.jsonl").write_text(TASKS)
        broker = node.vhost("market")
        with workers(folder, broker):
            for columns in WIDTHS:
                screen(columns, "demo", ["demo", "--ledger", f"demo-{columns}.db"])
                ledger = f"call-{columns}.db"
                screen(columns, "call", ["call", "--tasks", "tasks.jsonl", "--broker", broker, "--ledger", ledger])
                screen(columns, "agents", ["agents", "--broker", broker])
                screen(columns, "log", ["log", ledger])
                screen(columns, "doctor", ["doctor", "--broker", broker, "--ledger", ledger])
    return 0


@contextmanager
def workers(folder: Path, broker: str) -> Iterator[None]:
    """Two daemons of the samples, connected."""
    with ExitStack() as stack:
        for name in ("counter", "translator"):
            file = str(ROOT / "agents" / f"{name}.toml")
            worker = stack.enter_context(started(folder, "worker", file, "--broker", broker))
            worker.says("connected")
            stack.callback(worker.stop)
        yield


class Screens:
    """Makes screens.

    Args:
        folder: where commands are run.
        target: where the pictures go.
    """

    def __init__(self, folder: Path, target: Path) -> None:
        self._folder, self._target = folder, target

    def make(self, columns: int, name: str, arguments: list[str]) -> None:
        """Run a command in a terminal, and write down what it left standing."""
        print(f"{name} at {columns} columns", file=sys.stderr)
        with Terminal(self._folder, *arguments, columns=columns) as terminal:
            if (code := terminal.wait(120)) != 0:
                raise SystemExit(f"contractnet {' '.join(arguments)} ended with {code}:\n{terminal.text[-2000:]}")
        title = self._shown("contractnet " + " ".join(arguments))
        lines = [Text(f"$ {title}", style="bold"), *(Text.from_ansi(self._shown(line)) for line in terminal.styled)]
        while not lines[-1].plain.strip():
            lines.pop()
        drawn = [piece for line in lines for piece in (line.wrap(Console(width=columns), columns) or [line])]
        half = MOST_LINES.get(name, USUAL_LINES) // 2
        if len(drawn) > 2 * half:
            drawn = [*drawn[:half], Text("…", style="dim"), *drawn[-half:]]
        (self._target / f"{name}-{columns}.svg").write_text(picture(drawn, columns, title), encoding="utf-8")

    def _shown(self, text: str) -> str:
        """As on the reader's machine."""
        text = re.sub(r"amqp://\S+", "amqp://user:password@host/market", text)
        text = text.replace(f"{sys.executable} -m contractnet", "contractnet")
        return text.replace(str(self._folder), HOME)


def picture(lines: list[Text], columns: int, title: str) -> str:
    """An SVG that needs nothing from outside: no font, no script, no style sheet.

    That blanks are kept is said at each text: Chromium does not hand it down from the root.
    """
    width, height = round(columns * CHARACTER + 2 * EDGE), len(lines) * LINE + 2 * EDGE
    rows: list[str] = []
    for number, line in enumerate(lines):
        y = EDGE + (number + 1) * LINE - 5
        for start, text, style in _runs(line):
            x = EDGE + start * CHARACTER
            place = f'x="{x:.1f}" y="{y}" textLength="{len(text) * CHARACTER:.1f}"'
            rows.append(f'<text xml:space="preserve" {place}{style}>{escape(text)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" fill="{_hex(FRONT)}">'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="100%" height="100%" rx="6" fill="{_hex(BACK)}"/>\n' + "\n".join(rows) + "\n</svg>\n"
    )


def _runs(line: Text) -> Iterator[tuple[int, str, str]]:
    """Pieces of one style: (column, text, attributes); blanks at either end take no ink."""
    console = Console(width=400, color_system="truecolor", force_terminal=True)
    column = 0
    for segment in line.render(console):
        text = segment.text.rstrip("\n")
        inked = text.strip()
        if inked:
            yield column + len(text) - len(text.lstrip()), inked, _attributes(segment.style)
        column += len(text)


def _attributes(style: Style | None) -> str:
    if style is None:
        return ""
    found = ""
    if style.color is not None and not style.color.is_default:
        found += f' fill="{_hex(style.color.get_truecolor(THEME))}"'
    if style.bold:
        found += ' font-weight="bold"'
    if style.dim:
        found += ' opacity="0.65"'
    return found


def _hex(color: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
