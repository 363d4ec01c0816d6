"""The sender's forms: beginning, what is told, taking back, answering, withdrawing a consent."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, Optional

from caseflow.core.fields import DatePartsField, LineField, NotInPast, WordsField
from caseflow.core.forms import SHORT, Form, VersionField, at_most
from caseflow.people.models import Category, ConsentForm, ConsentGiver
from caseflow.referrals.kinds.form import REASON, WORDS
from caseflow.referrals.models import WithdrawReason
from caseflow.tenancy.models import ReferralKind


class StartForm(Form):
    """Which kind of help; the ids of the draft to be, and of the need and step it serves, go along unseen."""

    kind = RadioField(_l("What kind of help?"), [InputRequired()], choices=ReferralKind.choices)
    draft = HiddenField()
    need = HiddenField()
    step = HiddenField()


class ServiceForm(Form):
    """The service chosen among those that may be referred to."""

    service = RadioField(_l("Service"), [InputRequired(_l("Choose a service."))])


class DisclosureForm(Form):
    """What is told, why where that is delicate, and on which ground."""

    categories = SelectMultipleField(
        _l("What this organisation will be told"), [InputRequired()], choices=Category.choices
    )
    risk_text = WordsField(
        _l("What this receiver must know to be safe, in your words for them"), [Optional(), at_most(WORDS)]
    )
    disclosure_reason = WordsField(_l("Why the offence or the risk must be told"), [Optional(), at_most(WORDS)])
    consent = RadioField(_l("On which ground?"), [Optional()])
    legal_basis = WordsField(_l("Legal basis, if the law allows it without consent"), [Optional(), at_most(WORDS)])
    version = VersionField()


class SendForm(Form):
    """The button Send, and by which digest it is known what was looked at."""

    shown = HiddenField()


class DraftConsentForm(Form):
    """The person's consent, taken while a referral is written; the organisation and the purpose are known."""

    purpose = LineField(_l("For what purpose"), [InputRequired(), at_most(SHORT)])
    categories = SelectMultipleField(_l("What may be told"), [InputRequired()], choices=Category.choices)
    given_by = RadioField(_l("Who gives the consent"), choices=ConsentGiver.choices, default=ConsentGiver.PERSON)
    guardian = LineField(_l("Name of the parent or guardian"), [Optional(), at_most(SHORT)])
    form = RadioField(_l("How it was given"), choices=ConsentForm.choices, default=ConsentForm.SIGNED, name="way")
    witness = LineField(_l("Name of the witness or the interpreter"), [Optional(), at_most(SHORT)])
    ends_on = DatePartsField(_l("Until"), [Optional(), NotInPast()])
    consent = HiddenField()


class WithdrawForm(Form):
    """Why the referral is taken back."""

    reason = SelectField(_l("Reason"), [InputRequired()], choices=lambda: [("", ""), *WithdrawReason.choices()])
    text = WordsField(_l("In words (needed for “Another reason”)"), [Optional(), at_most(WORDS)])
    version = VersionField()


class AnswerRequestForm(Form):
    """The answer to what the receiver asked."""

    text = WordsField(_l("Your answer"), [InputRequired(), at_most(REASON)])
    version = VersionField()


class ConsentWithdrawalForm(Form):
    """How the person took the consent back."""

    note = WordsField(_l("How and to whom the person said it"), [Optional(), at_most(WORDS)])
