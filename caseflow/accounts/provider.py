"""An organisation's OpenID Connect provider: authorization code, PKCE, nonce, state (Authlib does the protocol)."""

from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskIntegration
from authlib.integrations.flask_client.apps import FlaskOAuth2App
from authlib.integrations.requests_client import OAuth2Session
from flask import current_app
from flask_babel import gettext as _
from joserfc.errors import JoseError
from requests import RequestException, Response
from werkzeug.wrappers import Response as Redirect

from caseflow.accounts.models import SingleSignOn
from caseflow.config import Config
from caseflow.core.errors import Refused
from caseflow.core.master_keys import unseal
from caseflow.core.outbound import SECONDS, guard

# Only signatures that the provider alone can make.
SIGNATURES = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
AGAIN = {"prompt": "login", "max_age": "0"}  # with `max_age` a provider must tell `auth_time`
_PROBLEMS = (AuthlibBaseError, JoseError, RequestException, RuntimeError, ValueError, KeyError)


class _Session(OAuth2Session):  # type: ignore[misc]  # authlib is untyped
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        config: Config = current_app.extensions["caseflow"]
        guard(self, private=config.private_providers)

    def request(self, method: str, url: str, **options: Any) -> Response:
        options["timeout"] = SECONDS
        options["allow_redirects"] = False
        answer: Response = super().request(method, url, **options)
        return answer


class _Client(FlaskOAuth2App):  # type: ignore[misc]  # authlib is untyped
    client_cls = _Session

    def load_server_metadata(self) -> dict[str, Any]:
        told: dict[str, Any] = super().load_server_metadata()
        offered = told.get("id_token_signing_alg_values_supported") or ["RS256"]
        told["id_token_signing_alg_values_supported"] = [one for one in offered if one in SIGNATURES]
        return told


def redirect_to(settings: SingleSignOn, back: str, *, again: bool = False) -> Redirect:
    """The answer that leads to the provider; what is to be checked afterwards lies in the browser's signed session.

    `again` asks the provider to let the user sign in anew, and to say when they did.
    """
    client = _client(settings)
    try:
        _check_issuer(client, settings)
        answer: Redirect = client.authorize_redirect(back, **(AGAIN if again else {}))
    except _PROBLEMS as problem:
        raise _unreachable(problem) from problem
    return answer


def claims(settings: SingleSignOn) -> dict[str, Any]:
    """What the provider says of whoever comes back from it, checked: state, nonce, signature, issuer, audience."""
    client = _client(settings)
    try:
        _check_issuer(client, settings)
        # Authlib takes another audience as well, where the token names us as the party it was made for.
        meant = {
            "iss": {"values": [settings.issuer, f"{settings.issuer}/"]},
            "aud": {"essential": True, "values": [settings.client_id]},
        }
        told: dict[str, Any] = client.authorize_access_token(claims_options=meant).get("userinfo") or {}
    except _PROBLEMS as problem:
        raise _unreachable(problem) from problem
    return told


def _client(settings: SingleSignOn) -> _Client:
    return _Client(
        FlaskIntegration("caseflow"),
        name="provider",
        client_id=settings.client_id,
        client_secret=unseal(settings.sealed_secret, settings.org_id.bytes).decode(),
        server_metadata_url=f"{settings.issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256"},
    )


def _check_issuer(client: _Client, settings: SingleSignOn) -> None:
    if str(client.load_server_metadata().get("issuer", "")).rstrip("/") != settings.issuer:
        raise ValueError("the provider calls itself by another name")


def _unreachable(_problem: BaseException) -> Refused:
    return Refused(_("Your organisation's sign-in did not work. Try again; if it goes on, tell your administrator."))
