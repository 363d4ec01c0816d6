"""The kinds: each is whole, its details read the same in the preview and at the receiver, in any language."""

import pytest
from flask_babel import force_locale

from caseflow.people.models import Category
from caseflow.referrals import disclosure
from caseflow.referrals.kinds import KINDS, outcome_labels
from caseflow.tenancy.models import ReferralKind
from tests.cast import Cast
from tests.stories.people import a_case
from tests.stories.referrals import details_of


def test_every_kind_has_its_folder() -> None:
    assert set(KINDS) == set(ReferralKind)
    for code, kind in KINDS.items():
        assert kind.kind is code
        assert len(kind.outcomes) >= 5


def _content(kind: ReferralKind, details: dict[str, object]) -> dict[str, object]:
    request = {"reason": "Why", "language": "kk", "interpreter": True, "accessibility": None, "clashes": None}
    return {"kind": kind.value, "details": details, "needs": [], **request}


@pytest.mark.parametrize("kind", list(ReferralKind))
def test_details_are_read_in_words(cast: Cast, kind: ReferralKind) -> None:
    details = details_of(cast, kind, a_case(cast))
    told = {KINDS[kind].category: _content(kind, details)}
    if KINDS[kind].category is Category.FAMILY:
        told[Category.FAMILY] |= {"relatives": [], "children": []}
    with cast.app.test_request_context():
        [section] = disclosure.sections(told)
        rows = dict(section.rows)
        assert rows["Reason"] == "Why"
        assert rows["Interpreter"] == "Needed"
        assert rows["Language to speak"] == "Kazakh"
        assert not {"isced_2", "some", "identity_papers", "on_question", "visit"} & set(rows.values())
        with force_locale("ru"):
            assert "казахский" in dict(disclosure.sections(told)[0].rows).values()


def test_outcome_that_left_the_list_is_shown_as_it_was(cast: Cast) -> None:
    with cast.app.test_request_context():
        assert outcome_labels(ReferralKind.LEGAL_AID, ["advice", "of-old"]) == ["Advice given", "of-old"]


def test_children_are_told_by_relation_and_year_only(cast: Cast) -> None:
    with cast.app.test_request_context():
        content = {
            "relatives": [{"name": "Гүлнар", "relation": "mother", "restricted": True}],
            "children": [{"relation": "son", "birth_year": 2019}, {"relation": "daughter", "birth_year": None}],
        }
        [section] = disclosure.sections({Category.FAMILY: content})
        assert section.rows == [
            ("Relatives", "Гүлнар (mother): contact restricted"),
            ("Children", "son, born 2019\ndaughter"),
        ]
