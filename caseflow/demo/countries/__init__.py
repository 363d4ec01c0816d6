"""The countries of the demo: their organisations, sites, people at work and services."""

from caseflow.demo.countries.country import Body, Country, Offered, Office, Worker
from caseflow.demo.countries.iraq import IRAQ
from caseflow.demo.countries.kazakhstan import KAZAKHSTAN
from caseflow.demo.countries.kyrgyzstan import KYRGYZSTAN
from caseflow.demo.countries.tajikistan import TAJIKISTAN

COUNTRIES: tuple[Country, ...] = (KAZAKHSTAN, IRAQ, KYRGYZSTAN, TAJIKISTAN)

__all__ = ["COUNTRIES", "Body", "Country", "Offered", "Office", "Worker"]
