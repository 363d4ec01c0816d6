"""`caseflow seed`."""

import click

from caseflow.demo import seed as demo

COUNTRIES = ("kz", "kg", "tj", "iq", "all")


@click.command()
@click.option("--people", type=click.IntRange(1, 10_000_000), default=400, show_default=True, help="How many people.")
@click.option("--country-sized", "sized", type=click.Choice(COUNTRIES), help="Then fill this country's prisons, too.")
@click.option("--seed", "number", default=1, show_default=True, help="The same number gives the same data.")
def seed(people: int, sized: str | None, number: int) -> None:
    """Fill an empty installation with fictional people and organisations.

    Needs OWNER_DATABASE_URL for the first organisation. Where the demo is already, nothing is done.
    """
    demo.seed(people, sized, number)
