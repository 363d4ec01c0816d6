"""A cast whose pages are in English, so that a test can read them whatever the catalogues say."""

from tests.cast import Browser, Cast


class EnglishCast(Cast):
    """The cast, each with English chosen when they sign in."""

    def be(self, name: str) -> Browser:
        """A browser in which this person is signed in and reads English."""
        known = name in self._clients
        browser = super().be(name)
        if not known:
            browser.post("/language", {"locale": "en"}, page="/account")
        return browser
