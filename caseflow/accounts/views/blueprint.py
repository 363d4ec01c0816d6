"""The blueprint of this room, who is signed in, and where to go on."""

from flask import Blueprint, after_this_request, current_app, g, request
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from werkzeug.wrappers import Response

from caseflow.accounts import devices, queries
from caseflow.accounts.actions import Visit
from caseflow.accounts.devices import KnownDevice

bp = Blueprint("accounts", __name__, template_folder="../templates")
login_manager = LoginManager()
login_manager.session_protection = None  # a phone changes its address; the token is what counts
login_manager.user_loader(queries.signed_in)


def this_device() -> KnownDevice:
    """The browser that asks."""
    if "device" not in g:
        g.device = devices.read(request.cookies.get(devices.cookie_name()))
    found: KnownDevice = g.device
    return found


def visit() -> Visit:
    """From where somebody comes."""
    return Visit(get_remote_address(), request.headers.get("User-Agent"), this_device())


def remember_device(device: KnownDevice) -> None:
    """Let the answer carry the device's cookie, where somebody is known on it."""
    name, value, secure = devices.cookie_name(), device.cookie(), bool(current_app.config["SESSION_COOKIE_SECURE"])
    if not device.accounts:
        return

    @after_this_request
    def carry(response: Response) -> Response:
        response.set_cookie(name, value, max_age=devices.AGE, httponly=True, samesite="Lax", secure=secure)
        return response
