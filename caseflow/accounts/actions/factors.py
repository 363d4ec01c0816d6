"""Second factors: setting them up, showing them, and taking them away."""

import base64
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import pyotp
import webauthn
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import delete, update
from webauthn.helpers.exceptions import InvalidAuthenticationResponse, InvalidJSONStructure, InvalidRegistrationResponse
from webauthn.helpers.structs import PublicKeyCredentialDescriptor

from caseflow.accounts import devices, queries, throttle
from caseflow.accounts.actions.signing_in import Visit, complete, end_session, end_sessions
from caseflow.accounts.models import Passkey, RecoveryCode, SignInRules, TotpSecret, User
from caseflow.accounts.passwords import matches
from caseflow.accounts.permissions import Role
from caseflow.audit.actions import record
from caseflow.config import Config
from caseflow.core.db import db, now
from caseflow.core.errors import Refused
from caseflow.core.jobs import announce
from caseflow.core.master_keys import seal, unseal

STEP = 30  # seconds that a code stands
DRIFT = 1  # steps that a telephone's clock may be wrong
CODES = 10
CODE_BYTES = 15  # 120 bits: enough for a plain hash, and 24 letters without padding
WRONG_CODES = "access.wrong_codes"  # the news of a session that wrong codes ended
FACTOR_RESET = "access.factor_reset"
FACTOR_ADDED = "access.factor_added"

_WRONG = (InvalidAuthenticationResponse, InvalidRegistrationResponse, InvalidJSONStructure)


def begin_totp(*, by: User) -> TotpSecret:
    """A new secret for an authenticator app; it counts once a code of it was typed."""
    held = queries.totp(by)
    if held is not None and held.confirmed_at is not None:
        raise Refused(_("You use an authenticator app already."))
    if held is not None:
        db.session.delete(held)
        db.session.flush()
    secret = TotpSecret(org_id=by.org_id, user_id=by.id, sealed=seal(pyotp.random_base32().encode(), by.id.bytes))
    db.session.add(secret)
    db.session.flush()
    return secret


def secret_text(totp: TotpSecret) -> str:
    """The secret as an authenticator app takes it."""
    return unseal(totp.sealed, totp.user_id.bytes).decode()


def confirm_totp(code: str, *, visit: Visit, by: User) -> list[str]:
    """The app shows the right code: from here on it is asked for. Gives recovery codes where the user had none."""
    totp = queries.totp(by)
    if totp is None or totp.confirmed_at is not None:
        raise Refused(_("Begin anew: this page is out of date."))
    if not _take_code(totp, code):
        raise Refused(_("This is not the code that the app shows now. Is the telephone's clock right?"), field="code")
    totp.confirmed_at = now()
    return _added("totp", by, visit)


def passkey_options(*, by: User) -> str:
    """What the browser needs to make a passkey, as JSON; its challenge stands in the session."""
    options = webauthn.generate_registration_options(
        rp_id=_site(),
        rp_name="caseflow",
        user_name=by.email,
        user_id=by.id.bytes,
        user_display_name=by.name,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in queries.passkeys(by)],
    )
    queries.present_session(by).challenge = options.challenge
    return webauthn.options_to_json(options)


def add_passkey(name: str, answer: str, *, visit: Visit, by: User) -> list[str]:
    """Keep a passkey that the browser has made. Gives recovery codes where the user had none."""
    try:
        made = webauthn.verify_registration_response(
            credential=answer, expected_challenge=_challenge(by), expected_rp_id=_site(), expected_origin=_origin()
        )
    except _WRONG:
        raise Refused(_("The passkey was not made. Try again.")) from None
    db.session.add(
        Passkey(
            org_id=by.org_id,
            user_id=by.id,
            name=name,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
        )
    )
    return _added("passkey", by, visit)


def _added(kind: str, by: User, visit: Visit) -> list[str]:
    db.session.flush()
    record("factor.add", by=by, on=by, kind=kind)
    announce(FACTOR_ADDED, org_id=by.org_id, user=by.id)
    complete(by, visit)
    return [] if queries.recovery_codes_left(by) else new_recovery_codes(by=by)


def sign_in_options(*, by: User) -> str | None:
    """What the browser needs to show a passkey, as JSON; None where the user has none."""
    keys = queries.passkeys(by)
    if not keys:
        return None
    options = webauthn.generate_authentication_options(
        rp_id=_site(), allow_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in keys]
    )
    queries.present_session(by).challenge = options.challenge
    return webauthn.options_to_json(options)


def show_passkey(answer: str, *, visit: Visit, by: User) -> None:
    """The browser has answered with a passkey: complete the session."""
    _may_try(by, visit)
    challenge = _challenge(by)
    for key in queries.passkeys(by):
        try:
            shown = webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=_site(),
                expected_origin=_origin(),
                credential_public_key=key.public_key,
                credential_current_sign_count=key.sign_count,
            )
        except _WRONG:
            continue
        if shown.credential_id == key.credential_id:
            key.sign_count, key.last_used_at = shown.new_sign_count, now()
            complete(by, visit)
            return
    _wrong_try(by, visit)
    raise Refused(_("The passkey was not accepted. Try again, or use a code."))


def show_code(code: str, *, visit: Visit, by: User) -> None:
    """A code of the app, or a recovery code, which opens once: complete the session.

    A session that waits for it ends with the fifth wrong one. Then nothing is raised: a refusal would undo the end.
    """
    _may_try(by, visit)
    session = queries.present_session(by)
    tries = throttle.code_tried(session.id, by.id, known=visit.device.knows(by.email))
    pending = session.verified_at is None
    if not (pending and tries > throttle.CODES) and _is_right(code, by):
        complete(by, visit)
        return
    _wrong_try(by, visit)
    if not pending or tries < throttle.CODES:
        raise Refused(_("This code is wrong, or was used before."), field="code")
    record("factor.wrong_codes", by=by, on=session, tries=tries)
    end_session(session, by=by)
    announce(WRONG_CODES, org_id=by.org_id, user=by.id, sign_in=session.id)


def show_password(password: str, *, visit: Visit, by: User) -> None:
    """The password once more, of a user who has no second factor: the session is fresh again."""
    _may_try(by, visit)
    mine = [candidate for candidate in queries.candidates(by.email) if candidate.user_id == by.id]
    if queries.has_factor(by) or not any(matches(password, candidate.hash) for candidate in mine):
        _wrong_try(by, visit)
        raise Refused(_("This is not your present password."), field="password")
    complete(by, visit)


def new_recovery_codes(*, by: User) -> list[str]:
    """Ten new codes, to be shown once; those before are void."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.org_id == by.org_id, RecoveryCode.user_id == by.id))
    raw = [base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().lower() for _number in range(CODES)]
    db.session.add_all(RecoveryCode(org_id=by.org_id, user_id=by.id, code_hash=_code_hash(code)) for code in raw)
    record("factor.recovery_codes", by=by, on=by)
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in raw]


def remove_factor(id: uuid.UUID, *, by: User) -> None:
    """Take one of one's own factors away; never the last, which only an administrator can reset."""
    totp = queries.totp(by)
    mine: list[Any] = [*queries.passkeys(by), *([totp] if totp and totp.confirmed_at else [])]
    chosen = next((one for one in mine if one.id == id), None)
    if chosen is None:
        raise Refused(_("It has been removed already."))
    if len(mine) == 1:
        raise Refused(_("This is your only second factor. Set up another first, or ask your administrator."))
    db.session.delete(chosen)
    record("factor.remove", by=by, on=by, kind="passkey" if isinstance(chosen, Passkey) else "totp")


def reset_factors(user: User, reason: str, *, by: User) -> None:
    """Take all second factors of a user away, say because the phone is lost; they are told, and signed out."""
    if user.id == by.id:
        raise Refused(_("You cannot reset your own second factor; ask another administrator."))
    drop_factors(user)
    end_sessions(user, by=by)  # one that waited for the second factor would be whole without it
    record("factor.reset", by=by, on=user, reason=reason)
    announce(FACTOR_RESET, org_id=user.org_id, author_id=by.id, user=user.id)


def drop_factors(user: User) -> None:
    """Remove what a user has set up."""
    for table in (TotpSecret, Passkey, RecoveryCode):
        db.session.execute(delete(table).where(table.org_id == user.org_id, table.user_id == user.id))


def require_factors(roles: Iterable[Role], *, by: User) -> None:
    """From here on users of the actor's organisation with these roles must have a second factor."""
    chosen = sorted(role.value for role in roles)
    rules = queries.sign_in_rules(by.org_id)
    if rules is None:
        db.session.add(SignInRules(org_id=by.org_id, factor_roles=chosen))
    else:
        rules.factor_roles = chosen
    record("organisation.factor_roles", by=by, roles=chosen)


def _is_right(code: str, by: User) -> bool:
    totp = queries.totp(by)
    if totp is not None and totp.confirmed_at is not None and _take_code(totp, code):
        return True
    if not _take_recovery_code(code, by):
        return False
    record("factor.recovery_code", by=by, on=by, left=queries.recovery_codes_left(by))
    return True


def _take_code(totp: TotpSecret, code: str) -> bool:
    """Whether it is a code of these moments that was not used yet; of two at once only one gets it."""
    typed = "".join(code.split())
    present = int(now().timestamp()) // STEP
    maker = pyotp.TOTP(secret_text(totp))
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(maker.at(step * STEP).encode(), typed.encode()):
            taken = db.session.execute(
                update(TotpSecret)
                .where(TotpSecret.org_id == totp.org_id, TotpSecret.id == totp.id, TotpSecret.last_step < step)
                .values(last_step=step)
            )
            return bool(taken.rowcount)  # type: ignore[attr-defined]  # an UPDATE's result has it
    return False


def _take_recovery_code(code: str, by: User) -> bool:
    plain = "".join(code.split()).replace("-", "").lower()
    taken = db.session.execute(
        update(RecoveryCode)
        .where(RecoveryCode.org_id == by.org_id, RecoveryCode.user_id == by.id, RecoveryCode.used_at.is_(None))
        .where(RecoveryCode.code_hash == _code_hash(plain))
        .values(used_at=now())
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]  # an UPDATE's result has it


def _code_hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


def _may_try(by: User, visit: Visit) -> None:
    throttle.check(devices.origin(visit.device, by.email, visit.address), by.email)


def _wrong_try(by: User, visit: Visit) -> None:
    throttle.failed(devices.origin(visit.device, by.email, visit.address), by.email)


def _challenge(by: User) -> bytes:
    """The challenge that the session waits for; it is answered once."""
    session = queries.present_session(by)
    challenge, session.challenge = session.challenge, None
    if challenge is None:
        raise Refused(_("Begin anew: this page is out of date."))
    return challenge


def _origin() -> str:
    config: Config = current_app.extensions["caseflow"]
    return config.public_url


def _site() -> str:
    return urlsplit(_origin()).hostname or ""
