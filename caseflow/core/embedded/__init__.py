"""PostgreSQL and Redis out of wheels, so that `caseflow run` needs nothing but Python."""

from caseflow.core.embedded.errors import EmbeddedError
from caseflow.core.embedded.servers import Servers, environment

__all__ = ["EmbeddedError", "Servers", "environment"]
