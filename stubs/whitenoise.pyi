# WhiteNoise ships no types: the one class we use.
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

class WhiteNoise:
    def __init__(
        self,
        application: WSGIApplication,
        root: str | Path | None = None,
        prefix: str | None = None,
        *,
        max_age: int | None = 60,
        allow_all_origins: bool = True,
        autorefresh: bool = False,
        immutable_file_test: Callable[[str, str], bool] | str | None = None,
        add_headers_function: Callable[[Headers, str, str], None] | None = None,
        **more: Any,
    ) -> None: ...
    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]: ...
