"""Letters with a link: the one e-mail that holds a secret, which is made as the letter is written."""

import uuid
from email.message import EmailMessage

from flask import current_app
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from caseflow.accounts.actions import FORGOTTEN, LINK, make_token, remind
from caseflow.accounts.models import LinkKind
from caseflow.accounts.queries import link_by_id, user_of
from caseflow.config import Config
from caseflow.core.jobs import News, handles
from caseflow.core.mail import deliver


@handles(FORGOTTEN)
def send_forgetful_a_link(news: News) -> None:
    """Somebody asked for a new password; of an address that nobody has comes a user that there is not."""
    user = user_of(news.to_org_id, uuid.UUID(news.payload["user"]))
    if user is not None:
        remind(user)


@handles(LINK)
def send_link_letter(news: News) -> None:
    """Write to the user; run twice, the later letter holds the link that opens."""
    config: Config = current_app.extensions["caseflow"]
    found = link_by_id(news.to_org_id, uuid.UUID(news.payload["link"]))
    if found is None or config.smtp_url is None:
        return
    link, user = found
    if not link.open() or not user.active:
        return
    url = f"{config.public_url}/welcome/{make_token(link)}"
    with force_locale(user.locale or user.organisation.locale):
        message = EmailMessage()
        if link.kind is LinkKind.INVITATION:
            message["Subject"] = _("Your account in caseflow")
            text = _("An account in caseflow was opened for you. Choose your password here: %(url)s", url=url)
        else:
            message["Subject"] = _("A new password for caseflow")
            text = _("Somebody, you we hope, asked for a new password. Choose it here: %(url)s", url=url)
        message["From"] = config.mail_from
        message["To"] = user.email
        hours = round((link.expires_at - link.created_at).total_seconds() / 3600)
        valid = ngettext(
            "The link opens once, within %(num)d hour.", "The link opens once, within %(num)d hours.", hours
        )
        message.set_content(f"{text}\n\n{valid}")
    deliver(config.smtp_url, message)
