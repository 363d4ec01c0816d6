"""E-mail about news: no personal data, only that there is news in caseflow."""

import smtplib
import ssl
import uuid
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from caseflow.accounts.queries import user_of
from caseflow.config import Config
from caseflow.core.jobs import News, handles
from caseflow.notifications.actions import MAIL

TIMEOUT = 15  # seconds


@handles(MAIL)
def send_mail(news: News) -> None:
    """Write to the user that there is news; without SMTP, or for a closed account, do nothing."""
    config: Config = current_app.extensions["caseflow"]
    user = user_of(news.to_org_id, uuid.UUID(news.payload["user"]))
    if config.smtp_url is None or user is None or not user.active:
        return
    with force_locale(user.locale or user.organisation.locale):
        message = EmailMessage()
        message["Subject"] = _("There is news in caseflow")
        message["From"] = config.mail_from
        message["To"] = user.email
        message["Message-ID"] = f"<{news.id}@caseflow>"  # sent twice, a reader's program shows it once
        message.set_content(
            _("There is news for you in caseflow. Sign in to read it: %(url)s", url=config.public_url)
            + "\n\n"
            + _("This message says no more, so that nobody else learns anything from it.")
        )
    _deliver(config.smtp_url, message)


def _deliver(smtp_url: str, message: EmailMessage) -> None:
    parts = urlsplit(smtp_url)
    host = parts.hostname or "localhost"
    secure = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT, context=secure)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT)
    with server:
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=secure)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
