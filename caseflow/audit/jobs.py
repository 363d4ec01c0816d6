"""What the audit does by itself: hears of changes and readings, seals them, tells the heads, and reads the chain."""

import logging
import uuid

from flask import current_app

from caseflow.audit import changes, heads, readings
from caseflow.audit.checking import remember, verify
from caseflow.audit.sealing import seal_new
from caseflow.config import Config
from caseflow.core.db import unit_of_work
from caseflow.core.jobs import periodic

__all__ = ["changes", "check_all", "mail_heads", "readings", "seal_all", "seal_organisation"]

log = logging.getLogger("caseflow.audit")


@periodic("seal-audit", seconds=300)
def seal_all() -> None:
    """Seal what was written since the last time, organisation by organisation, and tell the new heads."""
    config: Config = current_app.extensions["caseflow"]
    told = [seal_organisation(org_id, slug) for org_id, slug in heads.organisations()]
    heads.append(config, [one for one in told if one is not None])


def seal_organisation(org_id: uuid.UUID, slug: str) -> heads.Told | None:
    """Seal the organisation's entries batch by batch, each in a transaction; gives the new head, if there is one."""
    sealed = 0
    while True:
        with unit_of_work(org_id):
            if seal_new(org_id) is None:
                break
        sealed += 1
    if not sealed:
        return None
    with unit_of_work(org_id):
        told = heads.head(org_id, slug)
        if told is not None:
            heads.tell_oversight(org_id, told)
    return told


@periodic("mail-audit-heads", seconds=86_400)
def mail_heads() -> None:
    """Send every organisation's newest head to the address that is set."""
    config: Config = current_app.extensions["caseflow"]
    if config.audit_mail is None:
        return
    told = []
    for org_id, slug in heads.organisations():
        with unit_of_work(org_id):
            told.append(heads.head(org_id, slug))
    heads.send(config, [one for one in told if one is not None])


@periodic("verify-audit", seconds=86_400)
def check_all() -> None:
    """Read every organisation's chain from its beginning, and say loudly what is wrong."""
    for org_id, slug in heads.organisations():
        with unit_of_work(org_id):
            verdict = verify(org_id)
            remember(org_id, verdict)
        if verdict.first is not None:
            log.error("the audit of %s was tampered with: %s", slug, verdict.first)
