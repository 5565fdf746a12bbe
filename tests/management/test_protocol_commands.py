"""Checking and publishing a protocol from the command line: idempotent, frozen, and a refusal says what to do."""

from __future__ import annotations

import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from pathway.models import ProtocolVersion
from pathway.protocol.loader import VERSIONS, load
from pathway.queries.definitions import protocol_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of itb-1 to edit."""
    return Path(shutil.copytree(VERSIONS / "itb-1", tmp_path / "itb-1"))


def edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def run(command: str, *args: Path) -> str:
    out = StringIO()
    call_command(command, *map(str, args), stdout=out)
    return out.getvalue()


def test_checking_reads_files_only() -> None:
    assert run("check_protocol").startswith("itb-1 v3: sound, ")


@pytest.mark.parametrize("command", ["check_protocol", "publish_protocol"])
def test_a_bad_protocol_is_refused_with_all_its_problems(db: None, folder: Path, command: str) -> None:
    edit(folder, "1-evaluation.toml", 'role = "neurosurgeon"', 'role = "surgeon"')
    edit(folder, "6-long-term.toml", "end_of_service -12 mo", "a year before")
    with pytest.raises(CommandError, match="2 problems in itb-1") as caught:
        run(command, folder)
    assert "1-evaluation.toml: todo[surgical_review].role: “surgeon” is not one of" in str(caught.value)
    assert "6-long-term.toml: todo[device_plan_12].due: “a year before” is not a due rule" in str(
        caught.value
    )
    assert not ProtocolVersion.objects.exists()


def test_publishing_twice_is_publishing_once(db: None, folder: Path) -> None:
    said = run("publish_protocol")
    assert said == run("publish_protocol", folder)
    version = ProtocolVersion.objects.get()
    assert (version.name, version.version, version.published_by) == ("itb-1", 3, None)
    assert version.sha256 in said
    assert protocol_of(version.id) == load(VERSIONS / "itb-1")


def test_another_text_needs_a_higher_version(db: None, folder: Path) -> None:
    run("publish_protocol")
    edit(folder, "protocol.toml", "dose_unchanged_days = 28", "dose_unchanged_days = 42")
    with pytest.raises(CommandError, match="raise the version number above 3"):
        run("publish_protocol", folder)
    assert ProtocolVersion.objects.count() == 1
    edit(folder, "protocol.toml", "version = 3", "version = 4")
    run("publish_protocol", folder)
    first, second = ProtocolVersion.objects.order_by("version")
    assert protocol_of(first.id).policy.dose_unchanged_days == 28
    assert protocol_of(second.id).policy.dose_unchanged_days == 42
    assert "itb-1 v3" in run("publish_protocol"), (
        "the older one is still published, and publishing it again says so"
    )


def test_a_lower_version_is_never_added_below_a_higher(db: None, folder: Path) -> None:
    edit(folder, "protocol.toml", "version = 3", "version = 5")
    run("publish_protocol", folder)
    edit(folder, "protocol.toml", "version = 5", "version = 4")
    with pytest.raises(CommandError, match="above 5"):
        run("publish_protocol", folder)


def test_a_key_that_later_code_knows_does_not_make_it_another_protocol(db: None) -> None:
    protocol = load(VERSIONS / "itb-1")
    source = protocol.canonical()
    del source["anytime"][0][
        "new_round"
    ]  # as if it was published before this key existed; it stands at its default
    ProtocolVersion.objects.create(
        name="itb-1",
        version=protocol.version,
        title=protocol.title,
        source=source,
        sha256="0" * 64,
        published_at=timezone.now(),
    )
    run("publish_protocol")
    assert ProtocolVersion.objects.get().sha256 == "0" * 64
