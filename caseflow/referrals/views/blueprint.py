"""The blueprint of the room; every module of views hangs its pages on it."""

from flask import Blueprint

bp = Blueprint("referrals", __name__, template_folder="../templates")
