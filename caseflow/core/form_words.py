"""Form messages in our own words: WTForms' English texts, answered from our catalogue in every language.

A form takes them with `class Meta: get_translations = lambda self, form: FORM_WORDS`.
"""

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

# Keyed by WTForms' own text. tests/core/test_i18n.py reads WTForms' source and fails when one is missing here.
_WORDS = {
    "This field is required.": _l("Fill this in."),
    "Not a valid choice.": _l("Choose one of the options given."),
    "Invalid Choice: could not coerce.": _l("Choose one of the options given."),
    "Choices cannot be None.": _l("Choose one of the options given."),
    "Invalid choice(s): one or more data inputs could not be coerced.": _l("Choose from the options given."),
    "Not a valid integer value.": _l("Enter a whole number, such as 12."),
    "Not a valid decimal value.": _l("Enter a number, such as 12.5."),
    "Not a valid float value.": _l("Enter a number, such as 12.5."),
    "Not a valid datetime value.": _l("Enter a date and a time, such as 2026-03-31 14:30."),
    "Not a valid date value.": _l("Enter a date, such as 2026-03-31."),
    "Not a valid time value.": _l("Enter a time, such as 14:30."),
    "Not a valid week value.": _l("Enter a week, such as 2026-W14."),
    "Field must be equal to %(other_name)s.": _l("The two entries are not the same."),
    "Invalid field name '%s'.": _l("The two entries are not the same."),
    "Field must be between %(min)d and %(max)d characters long.": _l("Use %(min)d to %(max)d characters."),
    "Number must be at least %(min)s.": _l("Enter %(min)s or more."),
    "Number must be at most %(max)s.": _l("Enter %(max)s or less."),
    "Number must be between %(min)s and %(max)s.": _l("Enter a number from %(min)s to %(max)s."),
    "Date must be at least %(min)s.": _l("Enter %(min)s or a later date."),
    "Date must be at most %(max)s.": _l("Enter %(max)s or an earlier date."),
    "Date must be between %(min)s and %(max)s.": _l("Enter a date from %(min)s to %(max)s."),
    "Invalid input.": _l("This is not written in the way that is needed here."),
    "Invalid email address.": _l("Enter an e-mail address, such as name@example.org."),
    "Invalid IP address.": _l("Enter an IP address."),
    "Invalid Mac address.": _l("Enter a MAC address."),
    "Invalid URL.": _l("Enter a web address that begins with https://."),
    "Invalid UUID.": _l("Enter a complete identifier."),
    "Invalid value, must be one of: %(values)s.": _l("Use one of: %(values)s."),
    "Invalid value, can't be any of: %(values)s.": _l("Use something other than: %(values)s."),
    "This field cannot be edited.": _l("This cannot be changed here."),
    "This field is disabled and cannot have a value.": _l("Leave this empty."),
    "Invalid CSRF Token.": _l("The page was open too long. Send it again."),
    "CSRF token missing.": _l("The page was open too long. Send it again."),
    "CSRF failed.": _l("The page was open too long. Send it again."),
    "CSRF token expired.": _l("The page was open too long. Send it again."),
}


class _FormWords:
    """What WTForms asks of a translations object."""

    def gettext(self, string: str) -> str:
        """Our words for one of WTForms' texts; any other text is given back."""
        return str(_WORDS.get(string, string))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Our words, with the right plural, for one of WTForms' counted texts."""
        # The number is put in by WTForms afterwards, so it is handed on as the placeholder it came as.
        match singular:
            case "Field must be at least %(min)d character long.":
                return ngettext(
                    "Use %(limit)s character or more.", "Use %(limit)s characters or more.", n, limit="%(min)d"
                )
            case "Field cannot be longer than %(max)d character.":
                return ngettext(
                    "Too long: use %(limit)s character at most.",
                    "Too long: use %(limit)s characters at most.",
                    n,
                    limit="%(max)d",
                )
            case "Field must be exactly %(max)d character long.":
                return ngettext(
                    "Use exactly %(limit)s character.", "Use exactly %(limit)s characters.", n, limit="%(max)d"
                )
            case "'%(value)s' is not a valid choice for this field.":
                return str(_l("Choose from the options given."))
        return singular if n == 1 else plural


FORM_WORDS = _FormWords()
