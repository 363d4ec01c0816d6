"""E-mail about news: no personal data, only that there is news in caseflow."""

import uuid
from email.message import EmailMessage

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from caseflow.accounts.queries import user_of
from caseflow.config import Config
from caseflow.core.jobs import News, handles
from caseflow.core.mail import deliver
from caseflow.notifications.actions import MAIL


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
    deliver(config.smtp_url, message)
