"""caseflow: one person's way from intake to life after release, across organisations that see only what is theirs."""

import os
from importlib import import_module
from importlib.util import find_spec

from flask import Flask
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix

from caseflow.config import Config
from caseflow.core import assets, db, fields, health, i18n, limits, logs, master_keys, metrics, slow, web
from caseflow.core.backups import daily

__version__ = "0.1.0"

# Both the order of registration and the import law: a room imports only from rooms before it, and from core.
ROOMS = (
    "tenancy",
    "audit",
    "accounts",
    "notifications",
    "access",  # who
    "directory",
    "people",  # nouns
    "assessments",
    "plans",
    "referrals",
    "release",
    "supervision",
    "rights",  # work
    "oversight",
    "casefile",  # windows: they own no tables
    "demo",
)


def create_app(config: Config | None = None) -> Flask:
    """The app; refuses to start as a role that the wall does not hold, or with a view that names no permission."""
    config = config or Config.from_env(os.environ)
    logs.configure(config)
    app = Flask(__name__, template_folder="core/templates", static_folder=None)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.extensions["caseflow"] = config
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    db.init_app(app, config)
    slow.init_app(app, config)
    metrics.init_app(app, config)
    fields.register(app)
    web.init_app(app, config)
    limits.init_app(app, config)
    assets.init_app(app, secure=config.secure)
    i18n.init_app(
        app,
        choose=lambda: _of_user("locale") or i18n.chosen_locale() or _of_organisation("locale"),
        country=lambda: _of_organisation("country"),
        timezone=lambda: _of_organisation("timezone"),
        default_locale=config.default_locale,
    )
    health.init_app(app)
    daily.register()
    for room in ROOMS:
        _register(app, room)
    web.check_views(app)
    db.refuse_strong_roles(app)
    master_keys.refuse_missing(config)
    return app


def _register(app: Flask, room: str) -> None:
    """Load what the room has: its tables, its jobs, its pages."""
    for part in ("models", "jobs", "views"):
        name = f"caseflow.{room}.{part}"
        if find_spec(name) is None:
            continue
        module = import_module(name)
        if part == "views":
            module.init_app(app) if hasattr(module, "init_app") else app.register_blueprint(module.bp)


def _of_user(attribute: str) -> str | None:
    return getattr(current_user, attribute, None)


def _of_organisation(attribute: str) -> str | None:
    return getattr(getattr(current_user, "organisation", None), attribute, None)
