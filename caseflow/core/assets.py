"""Style sheets, scripts and fonts: hashed addresses that browsers may keep for ever, served by WhiteNoise."""

import json
from hashlib import sha256
from pathlib import Path
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise

STATIC = Path(__file__).parent / "static"
PREFIX = "/static/"
HSTS = "max-age=63072000; includeSubDomains"  # two years


class AssetsError(RuntimeError):
    """The build hook has not made static/vendor/, or an asset was asked for that does not exist."""


def digest(content: bytes) -> str:
    """The part of a file's name that changes with its content."""
    return sha256(content).hexdigest()[:12]


def addresses(static: Path = STATIC) -> dict[str, str]:
    """Each asset's name and its address under /static/; raises AssetsError before the first build."""
    try:
        manifest: dict[str, str] = json.loads((static / "vendor" / "manifest.json").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        raise AssetsError("caseflow/core/static/vendor/ is missing or incomplete: run `make setup`") from None
    found = {name: f"{PREFIX}vendor/{file}" for name, file in manifest.items()}
    for folder in ("css", "js", "img"):
        for path in sorted((static / folder).glob("*.*")):
            # Changed since the build: the source itself, so that nobody has to build in order to see a new colour.
            version = digest(path.read_bytes())
            if version not in manifest.get(path.name, ""):
                found[path.name] = f"{PREFIX}{folder}/{path.name}?v={version}"
    return found


def _add_headers(headers: Headers, path: str, *, secure: bool) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    if secure:
        headers["Strict-Transport-Security"] = HSTS
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if path.endswith(".svg"):
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"


def init_app(app: Flask, static: Path = STATIC, *, secure: bool = False) -> None:
    """Serve `static` in front of the app and give templates `asset(name)`; raises AssetsError at the start.

    The app is made with `static_folder=None`. Call this after other WSGI middleware that should not see static files.
    """
    found = addresses(static)

    def asset(name: str) -> str:
        try:
            return found[name]
        except KeyError:
            raise AssetsError(f"no asset named {name!r}; there are: {', '.join(sorted(found))}") from None

    app.jinja_env.globals["asset"] = asset
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]  # Flask documents wrapping wsgi_app in this way
        app.wsgi_app,
        root=static,
        prefix=PREFIX,
        immutable_file_test=r"^/static/vendor/.+\.[0-9a-f]{12}\.\w+$",
        allow_all_origins=False,
        add_headers_function=lambda headers, path, _url: _add_headers(headers, path, secure=secure),
    )
