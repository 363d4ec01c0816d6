"""Sending news on its way, and telling users."""

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from caseflow.accounts.models import User
from caseflow.accounts.queries import is_closed
from caseflow.core.db import db, new_id, now
from caseflow.core.jobs import News
from caseflow.notifications.models import Notification, Outgoing

MAIL = "notifications.mail"


def post(topic: str, *, by: User, to: uuid.UUID | None = None, **ids: object) -> None:
    """Put a fact into the outbox, in the transaction that makes it true; a job as organisation `to` handles it after.

    `ids` are the rows it is about; without `to` it is handled as the author's own organisation.
    """
    payload = {name: value if isinstance(value, int | bool) else str(value) for name, value in ids.items()}
    db.session.add(Outgoing(org_id=by.org_id, to_org_id=to or by.org_id, topic=topic, author_id=by.id, payload=payload))


def tell(
    users: Iterable[User],
    news: News,
    title: Any,
    path: str,
    *,
    about: uuid.UUID | None,
    urgent: bool = False,
    always_mail: bool = False,
    **params: object,
) -> list[User]:
    """Tell each user once, never the author, and nobody to whom what it is `about` is closed; gives who was told now.

    `title` is a lazy_gettext text with named placeholders for `params`; `path` leads to the fact within caseflow;
    `about` is the case, the referral or the handover, None for news that is of none.
    """
    told = []
    for user in {user.id: user for user in users if user.id != news.author_id}.values():
        if about is not None and is_closed(about, user):
            continue
        values = {
            "org_id": user.org_id,
            "id": new_id(),
            "created_at": now(),
            "user_id": user.id,
            "news_id": news.id,
            "title": title._args[0],
            "params": {name: str(value) for name, value in params.items()},
            "path": path,
            "urgent": urgent,
            "about": about,
        }
        added = db.session.execute(
            insert(Notification).values(values).on_conflict_do_nothing().returning(Notification.id)
        ).one_or_none()
        if added is not None:
            told.append(user)
            if user.mail_news or always_mail:
                db.session.add(
                    Outgoing(
                        org_id=user.org_id,
                        to_org_id=user.org_id,
                        topic=MAIL,
                        author_id=news.author_id,
                        payload={"user": str(user.id)},
                    )
                )
    return told


def mark_read(id: uuid.UUID, *, by: User) -> None:
    """The user has seen this line of news."""
    _mark(by, Notification.id == id)


def mark_all_read(*, by: User) -> None:
    """The user has seen all their news."""
    _mark(by)


def _mark(by: User, *which: Any) -> None:
    mine = (Notification.org_id == by.org_id, Notification.user_id == by.id, Notification.read_at.is_(None))
    db.session.execute(update(Notification).where(*mine, *which).values(read_at=now()))
