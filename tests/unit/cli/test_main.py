"""The group: commands are found in the table and loaded when they are called."""

from __future__ import annotations

import pytest

from contractnet.cli.main import COMMANDS, commands, run

#: the demo makes a new ledger unless told: one that other commands are pointed at is no place for its play money
NOT_FROM_OUTSIDE = {("demo", "ledger")}


def test_help_lists_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    assert [name for name, listed in COMMANDS.items() if f"  {name} " in out and listed.short in out] == list(COMMANDS)


def test_nothing_to_do_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert capsys.readouterr().err.startswith("Usage: contractnet ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: contractnet {name}")
    assert "Example:" in out
    assert f" contractnet {name} " in out.partition("Example:")[2].replace("\n", " ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_an_environment_variable_too(name: str) -> None:
    context = commands.make_context("contractnet", [name, "--help"], resilient_parsing=True)
    command = commands.get_command(context, name)
    assert command is not None
    for parameter in command.params:
        if parameter.param_type_name == "option" and (name, parameter.name) not in NOT_FROM_OUTSIDE:
            long = max(parameter.opts, key=len)
            assert parameter.envvar == "CONTRACTNET_" + long.removeprefix("--").upper().replace("-", "_")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wrker"], "contractnet: No such command 'wrker'"),
        (["--frobnicate"], "contractnet: No such option"),
        (["worker"], "contractnet worker: Missing argument 'AGENT...'; see contractnet worker --help"),
        (["worker", "a.toml", "--grace", "-1"], "contractnet worker: Invalid value for '--grace'"),
        (["worker", "a.toml", "--grace", "nan"], "'nan' is no time in seconds; write a number from 0 to 31536000"),
        (["worker", "a.toml", "--grace", "inf"], "'inf' is no time in seconds; write a number from 0 to 31536000"),
        (["worker", "a.toml", "--grace", "-1"], "'-1' is no time in seconds; write a number from 0 to 31536000"),
        (["worker", "a.toml", "--time-scale", "nan"], "'nan' is no scale; write a number over 0"),
        (["worker", "absent.toml"], "contractnet worker: absent.toml: there is no such file"),
        (["replay"], "contractnet replay: Missing argument 'LEDGER'"),
        (["replay", "memory://"], "contractnet replay: memory://: a ledger in memory ends with its process"),
        (["replay", "redis://x"], "contractnet replay: redis:// is no ledger"),
        (["log", "x.db", "--since", "soon"], "'soon' is no instant; write 15m"),
        (["log", "x.db", "--type", "Foo"], "--type Foo: no such type; there are AccountClosed, "),
        (["log", "x.db", "--diagram", "--json"], "--diagram is of a whole conversation"),
        (["agents", "--broker", "localhost"], "broker URL 'localhost' has no scheme that we know"),
        (["schema", "--folder", "/no/such"], "Directory '/no/such' does not exist"),
    ],
)
def test_wrong_usage_is_told_in_a_line_with_code_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert captured.err.count("\n") == 1
