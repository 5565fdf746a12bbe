"""The front-end build: what pages and the content policy rely on."""

from __future__ import annotations

import json
import re

import pytest
from django.conf import settings

from config import assets


def test_the_lock_file_names_no_address() -> None:
    text = (settings.BASE_DIR / "package-lock.json").read_text()
    assert "resolved" not in text
    assert "://" not in text


def test_the_lock_file_has_a_hash_for_every_package() -> None:
    packages = json.loads((settings.BASE_DIR / "package-lock.json").read_text())["packages"]
    assert [name for name, facts in packages.items() if name and not facts.get("integrity")] == []


def test_the_stylesheet_brings_every_file_it_names() -> None:
    folder = assets.BUILD / "vendor" / "patternfly"
    text = (folder / "patternfly.min.css").read_text()
    names = set(re.findall(r"""url\(["']?(?!data:)([^)"'#?]+)""", text))
    assert names
    assert [name for name in names if not (folder / name).is_file()] == []
    assert "sourceMappingURL" not in text


def test_the_sprite_has_every_icon_and_no_style() -> None:
    names = assets.ICON_NAMES.read_text().split()
    text = (assets.BUILD / "vendor" / "icons.svg").read_text()
    assert set(re.findall(r'<symbol[^>]* id="([^"]+)"', text)) == set(names)
    assert "style=" not in text


def test_an_unknown_icon_is_refused() -> None:
    with pytest.raises(assets.AssetsError, match="Lucide has no icon 'no-such-icon'"):
        assets.sprite(["check", "no-such-icon"])


def test_licences_lie_beside_the_files() -> None:
    text = (assets.BUILD / "vendor" / "LICENSES.txt").read_text()
    for name in ("@patternfly/patternfly", "htmx.org", "lucide-static"):
        assert name in text


def test_an_old_npm_gives_way_to_the_one_in_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "NPM_MAJOR", 10_000)
    command, folders = assets.npm_command()
    assert command[0].endswith("/bin/node")
    assert command[1].endswith("npm-cli.js")
    assert folders
