"""What is told of a person, gathered by the sender: what each category holds at this moment, as plain JSON."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from caseflow.assessments import queries as assessments
from caseflow.assessments.models import Need, NeedArea
from caseflow.people import queries as people
from caseflow.people.models import Case, Category
from caseflow.plans import queries as plans
from caseflow.plans.models import GoalStatus
from caseflow.referrals.kinds import KINDS
from caseflow.referrals.models import Draft
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import ReferralKind

Content = dict[str, Any]

AREAS = {Category.EDUCATION: NeedArea.EDUCATION, Category.WORK: NeedArea.EMPLOYMENT, Category.LEGAL: NeedArea.LEGAL}


def always(kind: ReferralKind) -> tuple[Category, ...]:
    """The categories without which there is no referral: who it is, and the kind's own with the reason."""
    return Category.IDENTITY, KINDS[kind].category


def default(kind: ReferralKind) -> list[Category]:
    """What is told unless the worker chooses otherwise: never the offence, never the risk."""
    return [Category.IDENTITY, Category.CONTACT, KINDS[kind].category]


def chosen(draft: Draft) -> list[Category]:
    """The categories of a draft: those chosen, or the defaults while nothing is chosen yet."""
    if not draft.categories:
        return default(draft.kind)
    return [category for category in Category if category.value in draft.categories]


def contents(draft: Draft, case: Case) -> dict[Category, Content]:
    """What each chosen category holds now."""
    return {category: content(category, draft, case) for category in chosen(draft)}


def content(category: Category, draft: Draft, case: Case) -> Content:
    """What one category holds now; a kind's own category holds the request itself as well."""
    held = _GATHER[category](draft, case)
    return {**_request(draft, case), **held} if category is KINDS[draft.kind].category else held


def _request(draft: Draft, case: Case) -> Content:
    return {
        "kind": draft.kind.value,
        "reason": draft.reason,
        "details": KINDS[draft.kind].told(draft.details, case),
        "language": draft.language,
        "interpreter": draft.interpreter,
        "accessibility": draft.accessibility,
        "clashes": draft.clashes,
    }


def _identity(_draft: Draft, case: Case) -> Content:
    person = case.person
    known = {person.name, person.latin_name}
    return {
        "name": person.name,
        "latin_name": person.latin_name,
        "other_names": [name.full for name in person.names if name.full not in known],
        "sex": person.sex.value,
        "gender": person.gender,
        "birth_date": _day(person.birth_date),
        "birth_estimated": person.birth_estimated,
        "age_group": person.age_group,
        "nationality": person.nationality,
        "languages": list(person.languages),
        "literacy": person.literacy.value,
        "interpreter_language": person.interpreter_language,
    }


def _contact(_draft: Draft, case: Case) -> Content:
    person = case.person
    return {
        "phone": person.phone,
        "address": person.address,
        "safe_to_phone": person.safe_to_phone,
        "safe_to_text": person.safe_to_text,
        "safe_to_write": person.safe_to_write,
    }


def _family(_draft: Draft, case: Case) -> Content:
    adults, children = [], []
    for relative in people.relatives(case.person):
        if relative.child:
            children.append({"relation": relative.relation, "birth_year": relative.birth_year})
        else:
            adults.append(
                {"name": relative.name, "relation": relative.relation, "restricted": relative.restriction is not None}
            )
    return {"relatives": adults, "children": children}


def _plan(_draft: Draft, case: Case) -> Content:
    plan = plans.plan(case)
    goals = [] if plan is None else [goal for goal in plan.goals if goal.status is GoalStatus.ACTIVE]
    return {"goals": [{"area": g.area.value, "title": g.title, "target_on": _day(g.target_on)} for g in goals]}


def _needs(needs: Iterable[Need]) -> Content:
    return {"needs": [{"area": need.area.value, "text": need.description} for need in needs]}


def _support_needs(_draft: Draft, case: Case) -> Content:
    return {"accessibility": case.person.accessibility, **_needs(assessments.open_needs(case))}


def _needs_of(category: Category) -> Callable[[Draft, Case], Content]:
    def gather(_draft: Draft, case: Case) -> Content:
        return _needs(need for need in assessments.open_needs(case) if need.area is AREAS[category])

    return gather


def _custody_dates(_draft: Draft, case: Case) -> Content:
    admitted = case.admitted_at and tenancy.organisation(case.org_id).day_of(case.admitted_at)
    return {
        "number": case.number,
        "site": case.site.name if case.site else None,
        "admitted_on": _day(admitted),
        "legal_status": case.legal_status.value,
        "release_on": _day(case.release_on),
        "release_unknown_reason": case.release_unknown_reason,
        "conditional_release_on": _day(case.conditional_release_on),
        "released_on": _day(case.released_on),
    }


def _offence(draft: Draft, case: Case) -> Content:
    return {
        "class": case.offence_class,
        "type": case.offence_type,
        "subtype": case.offence_subtype,
        "sentence_months": case.sentence_months,
        "why_told": draft.disclosure_reason,
    }


def _risk(draft: Draft, _case: Case) -> Content:
    return {"text": draft.risk_text}


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


_GATHER: dict[Category, Callable[[Draft, Case], Content]] = {
    Category.IDENTITY: _identity,
    Category.CONTACT: _contact,
    Category.FAMILY: _family,
    Category.EDUCATION: _needs_of(Category.EDUCATION),
    Category.WORK: _needs_of(Category.WORK),
    Category.LEGAL: _needs_of(Category.LEGAL),
    Category.SUPPORT_NEEDS: _support_needs,
    Category.PLAN: _plan,
    Category.CUSTODY_DATES: _custody_dates,
    Category.OFFENCE: _offence,
    Category.RISK: _risk,
}
