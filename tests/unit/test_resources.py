"""Where agents/ and protocols/ are found: in a wheel, in a checkout, and never beside an installed package."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from contractnet.errors import DefinitionError
from contractnet.resources import checkout, find, folder

ROOT = Path(__file__).parents[2]


def test_a_checkout_uses_the_folders_beside_the_package() -> None:
    assert folder("protocols") == ROOT / "protocols"
    assert folder("agents") == checkout("agents") == ROOT / "agents"
    assert folder("protocols").joinpath("participant.toml").is_file()


def test_an_installed_package_uses_its_own_copy_first(tmp_path: Path) -> None:
    package = tmp_path / "contractnet"
    packed = package / "_data" / "agents"
    packed.mkdir(parents=True)
    (tmp_path / "agents").mkdir()
    (tmp_path / "pyproject.toml").touch()
    assert find(package, "agents") == packed


def test_a_folder_beside_an_installed_package_is_somebody_elses(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "contractnet"
    package.mkdir(parents=True)
    (tmp_path / "site-packages" / "agents").mkdir()
    with pytest.raises(DefinitionError) as caught:
        find(package, "agents")
    assert str(package / "_data" / "agents") in str(caught.value)
    assert str(package) in str(caught.value)


def test_a_zipped_wheel_is_read_without_a_file_system(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "contractnet.whl", "w") as file:
        file.writestr("contractnet/_data/protocols/participant.toml", "x = 1\n")
        file.writestr("contractnet/__init__.py", "")
    package = zipfile.Path(tmp_path / "contractnet.whl") / "contractnet"
    assert find(package, "protocols").joinpath("participant.toml").read_text(encoding="utf-8") == "x = 1\n"
    with pytest.raises(DefinitionError, match="install it again"):
        find(package, "agents")
