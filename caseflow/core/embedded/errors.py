"""The one error of the embedded servers: a line that a user can act on."""


class EmbeddedError(Exception):
    """Something that stops an embedded start, told in one line."""
