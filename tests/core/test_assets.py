"""Style sheets, scripts and fonts: hashed, compressed, small, and nobody else's in git."""

import gzip
import json
import re
import subprocess
from pathlib import Path

import pytest

from caseflow.core import assets
from tests.core.front import make_app

ROOT = Path(__file__).parents[2]
KB = 1024
PARTED = {"noto-sans-cyrillic-ext": "-often", "vazirmatn-arabic": "-often"}  # the part that our languages need


@pytest.fixture(scope="module")
def manifest() -> dict[str, str]:
    return json.loads((assets.STATIC / "vendor" / "manifest.json").read_text("utf-8"))


def test_every_asset_of_a_page_is_served_for_ever() -> None:
    client = make_app().test_client()
    links = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/").text)
    assert len(links) == 7
    for link in links:
        response = client.get(link)
        assert response.status_code == 200, link
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in response.headers
        if "/vendor/" in link:
            assert "immutable" in response.headers["Cache-Control"]
        response.close()


def test_compressed_twin_is_served(manifest: dict[str, str]) -> None:
    client = make_app().test_client()
    url = f"/static/vendor/{manifest['bootstrap.css']}"
    zipped = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    with client.get(url, headers={"Accept-Encoding": "identity"}) as plain:
        assert gzip.decompress(zipped.data) == plain.data
    zipped.close()


def test_names_are_the_hash_of_the_content(manifest: dict[str, str]) -> None:
    for file in manifest.values():
        assert assets.digest((assets.STATIC / "vendor" / file).read_bytes()) in file


def test_fonts_named_by_the_sheet_are_there(manifest: dict[str, str]) -> None:
    vendor = assets.STATIC / "vendor"
    named = re.findall(r"url\(([^)]+)\)", (vendor / manifest["fonts.css"]).read_text("utf-8"))
    assert len(named) == 12
    assert all((vendor / name).is_file() for name in named)


def _letters(span: str) -> set[int]:
    ends = [one.removeprefix("U+").split("-") for one in span.split(",")]
    return {letter for end in ends for letter in range(int(end[0], 16), int(end[-1], 16) + 1)}


def test_letters_of_our_languages_come_in_small_files_and_each_in_one_alone(manifest: dict[str, str]) -> None:
    sheet = (assets.STATIC / "vendor" / manifest["fonts.css"]).read_text("utf-8")
    faces = re.findall(r'"([^"]+)";[^}]*font-weight:(\d+)[^}]*url\(([^)]+)\)[^}]*unicode-range:([^}]+)}', sheet)
    assert len(faces) == 12
    alphabets = {
        "Noto Sans": "AZazЁёЯя«»№ ӘәҒғҚқҢңӨөҰұҮүҺһІі ҢңӨөҮү ҒғӢӣҚқӮӯҲҳҶҷ",
        "Vazirmatn": "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي ًٌٍَُِّْ٠٩،؛؟ پچژڤکگڵڕۆێەھی۰۹",
    }
    for family, alphabet in alphabets.items():
        for letter in set(alphabet) - {" "}:
            files = [face[2] for face in faces if face[0] == family and ord(letter) in _letters(face[3])]
            assert len(files) == 2, letter  # one for each weight
            assert all((assets.STATIC / "vendor" / file).stat().st_size < 15 * KB for file in files), letter


@pytest.mark.parametrize(
    ("sheet", "subsets"),
    [
        ("bootstrap.css", ("noto-sans-latin",)),
        ("bootstrap.css", ("noto-sans-latin", "noto-sans-cyrillic", "noto-sans-cyrillic-ext")),
        ("bootstrap.rtl.css", ("noto-sans-latin", "vazirmatn-arabic", "noto-sans-cyrillic")),
    ],
)
def test_first_load_is_small_even_with_gzip(manifest: dict[str, str], sheet: str, subsets: tuple[str, ...]) -> None:
    vendor = assets.STATIC / "vendor"
    texts = [manifest[name] for name in (sheet, "caseflow.css", "fonts.css", "htmx.js", "caseflow.js", "mark.svg")]
    size = sum((vendor / f"{name}.gz").stat().st_size for name in texts)
    size += sum(
        path.stat().st_size
        for subset in subsets
        for path in vendor.glob("*.woff2")
        if re.fullmatch(rf"{subset}-\d+{PARTED.get(subset, '')}\..*", path.name)
    )
    assert size <= 150_000 - 10_000  # ten for the page itself


def test_own_sheet_is_a_few_kilobytes(manifest: dict[str, str]) -> None:
    assert (assets.STATIC / "vendor" / f"{manifest['caseflow.css']}.gz").stat().st_size <= 8 * KB


def test_sheet_changed_since_the_build_is_served_itself(tmp_path: Path) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "css").mkdir()
    sheet = tmp_path / "css" / "own.css"
    sheet.write_text("a{}", "utf-8")
    built = f"own.{assets.digest(b'a{}')}.css"
    (tmp_path / "vendor" / "manifest.json").write_text(json.dumps({"own.css": built}), "utf-8")
    assert assets.addresses(tmp_path) == {"own.css": f"/static/vendor/{built}"}
    sheet.write_text("a{color:red}", "utf-8")
    assert assets.addresses(tmp_path)["own.css"].startswith("/static/css/own.css?v=")


@pytest.mark.parametrize("manifest_text", [None, "", "{"])
def test_missing_build_stops_the_start_with_what_to_do(tmp_path: Path, manifest_text: str | None) -> None:
    (tmp_path / "vendor").mkdir()
    if manifest_text is not None:
        (tmp_path / "vendor" / "manifest.json").write_text(manifest_text, "utf-8")
    with pytest.raises(assets.AssetsError, match="run `make setup`"):
        assets.addresses(tmp_path)


def test_unknown_asset_is_named() -> None:
    with pytest.raises(assets.AssetsError, match=r"no asset named 'nothing\.css'"):
        make_app().jinja_env.globals["asset"]("nothing.css")


def test_drawing_cannot_run_scripts(manifest: dict[str, str]) -> None:
    with make_app().test_client().get(f"/static/vendor/{manifest['mark.svg']}") as response:
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_lock_names_no_download_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all("resolved" not in entry and "integrity" in entry for entry in packages.values())


def test_licences_of_what_we_serve_travel_with_it() -> None:
    assert {path.name for path in (assets.STATIC / "vendor").glob("LICENSE-*")} == {
        "LICENSE-bootstrap.txt",
        "LICENSE-htmx.org.txt",
        "LICENSE-noto-sans.txt",
        "LICENSE-vazirmatn.txt",
    }


def test_nothing_third_party_is_in_git() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "caseflow/core/static"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert not [
        line for line in listed.stdout.splitlines() if "/vendor/" in line or line.endswith((".woff2", ".min.js"))
    ]
