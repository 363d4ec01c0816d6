"""Drafts: what is being written, by whom, and what was asked for before."""

import uuid

from sqlalchemy import and_, select
from sqlalchemy.orm import contains_eager, joinedload

from caseflow.accounts.models import User
from caseflow.core.db import db, one_or_404
from caseflow.people import queries as people
from caseflow.people.models import Case, Consent
from caseflow.referrals.models import OPEN, Draft, Origin, Referral
from caseflow.tenancy.models import ReferralKind


def draft(id: uuid.UUID, user: User) -> Draft:
    """A draft on a case that the user may open, or 404."""
    found = one_or_404(
        select(Draft).where(Draft.org_id == user.org_id, Draft.id == id).options(joinedload(Draft.service))
    )
    people.opened(found.case_id, user)
    return found


def sent_as(id: uuid.UUID, user: User) -> Referral | None:
    """The referral that a draft of this id became, if it was sent."""
    query = select(Referral).join(Origin, and_(Origin.org_id == Referral.org_id, Origin.id == Referral.id))
    return db.session.scalars(query.where(Referral.org_id == user.org_id, Referral.id == id)).one_or_none()


def drafts(case: Case) -> list[Draft]:
    """The drafts of a case, newest first."""
    query = select(Draft).where(Draft.org_id == case.org_id, Draft.case_id == case.id)
    return list(db.session.scalars(query.options(joinedload(Draft.service)).order_by(Draft.created_at.desc())).unique())


def my_drafts(user: User) -> list[Draft]:
    """The drafts that the user began, on cases they may still open, newest first; each with its case and person."""
    query = (
        select(Draft)
        .join(Case, and_(Case.org_id == Draft.org_id, Case.id == Draft.case_id))
        .where(Draft.org_id == user.org_id, Draft.written_by == user.id)
        .where(Draft.case_id.in_(people.visible(user).with_only_columns(Case.id)))
        .options(contains_eager(Draft.case).joinedload(Case.person), joinedload(Draft.service))
        .order_by(Draft.created_at.desc())
    )
    return list(db.session.scalars(query).unique())


def repeats(case: Case, kind: ReferralKind, *, service_id: uuid.UUID | None = None) -> list[Referral]:
    """Open referrals of the case for the same kind of help, or to the same service: sending again wants a thought."""
    query = (
        select(Referral)
        .join(Origin, and_(Origin.org_id == Referral.org_id, Origin.id == Referral.id))
        .where(Origin.org_id == case.org_id, Origin.case_id == case.id, Referral.status.in_(OPEN))
        .where(Referral.kind == kind)
        .options(joinedload(Referral.service_now), joinedload(Referral.receiver_now))
    )
    if service_id is not None:
        query = query.where(Referral.service_id == service_id)
    return list(db.session.scalars(query.order_by(Referral.sent_at.desc())).unique())


def grounds(draft: Draft, case: Case, user: User) -> list[Consent]:
    """The consents that hold today for the organisation that the draft is meant for."""
    if draft.service_org_id is None:
        return []
    return people.live_consents(case, draft.service_org_id, user.organisation.today())


def consent_of(draft: Draft) -> Consent | None:
    """The consent that the draft rests on."""
    return db.session.get(Consent, (draft.org_id, draft.consent_id)) if draft.consent_id else None
