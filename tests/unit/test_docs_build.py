"""The site builds offline, every link and anchor of it leads somewhere, and its pages fetch nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.tools import build
from docs.tools.build import main
from docs.tools.stage import pages


def test_the_site_builds_without_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")  # whoever goes out gets nowhere
    monkeypatch.setattr(build, "WORK", tmp_path / "work")
    assert main([str(tmp_path / "site")]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "0 faults" in said.out
    built = {path.relative_to(tmp_path / "site") for path in (tmp_path / "site").rglob("*.html")}
    wanted = {place.with_suffix(".html") for place in pages().values()}
    wanted = {place.with_name("index.html") if place.name == "README.html" else place for place in wanted}
    assert wanted <= built
    start = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "awards re-derived, 0 differences, 0 model calls" in start  # the demo's own words
    assert "fonts.g" not in start


def test_a_wrong_call_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--fast"]) == 2
    assert "python3 run.py docs" in capsys.readouterr().err
