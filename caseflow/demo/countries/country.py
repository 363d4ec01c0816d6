"""What the demo knows of a country: who works where, what is offered, how people are named, what is written of them."""

from dataclasses import dataclass

from caseflow.accounts.permissions import Role
from caseflow.demo.names import People
from caseflow.demo.words.words import Words
from caseflow.directory.models import ServedSex, ServicePlace
from caseflow.tenancy.models import OrganisationKind, ReferralKind, SiteKind


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody with an account; `login` is the first part of their e-mail address, `site` the place's number."""

    login: str
    name: str
    role: Role
    site: int | None = None


@dataclass(frozen=True, slots=True)
class Office:
    """A prison or an office; `people` names those who mostly live there."""

    name: str
    city: str
    kind: SiteKind = SiteKind.OFFICE
    capacity: int | None = None
    people: str | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """A service in the directory."""

    kind: ReferralKind
    name: str
    description: str
    place: ServicePlace = ServicePlace.BOTH
    area: str | None = None
    sex: ServedSex = ServedSex.ANY
    capacity: int | None = None
    eligibility: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """An organisation; its first worker is the administrator."""

    slug: str
    name: str
    kind: OrganisationKind
    domain: str
    workers: tuple[Worker, ...]
    offices: tuple[Office, ...] = ()
    services: tuple[Offered, ...] = ()
    phone: str | None = None

    def email(self, worker: Worker) -> str:
        """The worker's address; the domain is one that never exists."""
        return f"{worker.login}@{self.domain}"


@dataclass(frozen=True, slots=True)
class Country:
    """A country with its people (and their shares), the language of its files and its part of the demo's people."""

    code: str
    locale: str
    timezone: str
    rest_days: tuple[int, ...]
    share: int  # in 20ths of the demo's people
    women: float
    pre_trial: float
    prisons: int  # how many there are, and below how many people they hold
    held: int
    languages: tuple[str, ...]
    peoples: tuple[tuple[int, People], ...]  # weight, people
    words: Words
    phone: str  # the beginning of its numbers, in a range that nobody is called by
    bodies: tuple[Body, ...]
    holidays: tuple[tuple[int, int, str], ...]  # month, day, name: those of a fixed date

    def body(self, kind: OrganisationKind) -> Body:
        """The first organisation of a kind."""
        return next(body for body in self.bodies if body.kind is kind)

    def csos(self) -> list[Body]:
        """The civil society organisations."""
        return [body for body in self.bodies if body.kind is OrganisationKind.CSO]
