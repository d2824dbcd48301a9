"""What was handed in is approved and published by somebody else, or comes back with comments."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from badges import samples
from badges.text import Text
from lti_tool.db import Database
from lti_tool.errors import Conflict, Forbidden, NotFound, ToolError
from lti_tool.models import (
    AuditEntry,
    DefinitionDraft,
    MicroCredentialVersion,
    Organisation,
)
from lti_tool.services import organisations
from lti_tool.services.definitions import catalogue, drafts, history, review_partners, reviews
from lti_tool.services.definitions.drafts import Kind, MoreThanWording, State, Writer
from lti_tool.services.definitions.history import Act
from lti_tool.services.definitions.reviews import Opinion, Reviewer
from lti_tool.services.staff.accounts import Access
from tests.factories import handing_in
from tests.factories.courses import PUBLIC_URL, School
from tests.factories.databases import on_each_database
from tests.factories.handing_in import AUTHOR
from tests.factories.threads import at_one_moment

WLD = samples.welding()
NOBODY: frozenset[uuid.UUID] = frozenset()


def body_id(school: School, slug: str = "school") -> uuid.UUID:
    with school.transaction() as db:
        return organisations.get_or_add_organisation(db, slug, slug.title(), "DE", school.now).id


def reviewer(school: School, *slugs: str, actor: str = "account:rita") -> Reviewer:
    places = frozenset(body_id(school, slug) for slug in slugs or ("school",))
    return Reviewer(actor, Access(is_operator=False, administers=NOBODY, reviews=places))


def hand_in(school: School, **changes: Any) -> uuid.UUID:
    return handing_in.hand_in(school.database, "school", school.now, **changes)


def go_on(school: School, kind: Kind, **changes: Any) -> uuid.UUID:
    return handing_in.go_on(school.database, "school", kind, school.now, **changes)


def opinion(school: School, draft: uuid.UUID, **said: Any) -> Opinion:
    with school.transaction() as db:
        revision = drafts.find(db, draft).revision
    return Opinion(**{"revision": revision, "is_independent": True, **said})


def approve(school: School, draft: uuid.UUID, who: Reviewer, **said: Any) -> uuid.UUID:
    given = opinion(school, draft, **said)
    with school.transaction() as db:
        found = reviews.find(db, who, draft)
        made = reviews.approve(db, found, who, given, public_url=PUBLIC_URL, now=school.now)
        return made.id


def give_back(school: School, draft: uuid.UUID, who: Reviewer, **said: Any) -> None:
    given = opinion(school, draft, **said)
    with school.transaction() as db:
        reviews.give_back(db, reviews.find(db, who, draft), who, given, school.now)


def waiting(school: School, who: Reviewer) -> list[uuid.UUID]:
    with school.transaction() as db:
        return [one.id for one in reviews.waiting(db, who)]


def acts(school: School, version: uuid.UUID) -> list[tuple[str, str]]:
    with school.transaction() as db:
        found = history.of_version(db, db.get_one(MicroCredentialVersion, version))
        return [(one.act.value, one.organisation) for one in found]


@on_each_database
def test_an_approved_draft_is_published_at_once(school: School) -> None:
    rita = reviewer(school)
    draft = hand_in(school)
    assert waiting(school, rita) == [draft]
    school.tick()
    version = approve(school, draft, rita, note="Well done")
    assert waiting(school, rita) == []
    with school.transaction() as db:
        found = catalogue.find(db, "school/PV-1")
        assert found.id == version
        assert catalogue.definition(found).title == WLD.title
        kept = db.get_one(DefinitionDraft, draft)
        assert (kept.state, kept.published_id) == (State.PUBLISHED, version)
        (entry,) = db.query(AuditEntry).filter_by(action="definition.approved")
        assert (entry.actor, entry.organisation_id) == (rita.actor, kept.organisation_id)
        assert [step.draft_id for step in reviews.lately(db, rita)] == [draft]
    school_name = "School"
    assert acts(school, version) == [
        (Act.SUBMITTED, school_name),
        (Act.APPROVED, school_name),
        (Act.PUBLISHED, school_name),
    ]


@on_each_database
def test_a_returned_draft_carries_its_comments_and_can_be_handed_in_again(school: School) -> None:
    rita = reviewer(school)
    draft = hand_in(school)
    comments = {"$.units[0].outcomes[1]": " Say how it is seen. ", "$.hours": "  "}
    give_back(school, draft, rita, note="Nearly", comments=comments)
    with school.transaction() as db:
        found = drafts.find(db, draft)
        said = drafts.steps(db, found)[-1]
        assert (said.action, said.note) == (State.RETURNED, "Nearly")
        assert said.comments == [
            {"element": "$.units[0].outcomes[1]", "text": "Say how it is seen."}
        ]
        drafts.save(
            db,
            found,
            handing_in.content("school", "School", hours=99),
            revision=found.revision,
            now=school.now,
        )
        drafts.submit(db, found, actor=AUTHOR, now=school.now)
    version = approve(school, draft, rita)
    names = [act for act, _ in acts(school, version)]
    assert names == [Act.SUBMITTED, Act.RETURNED, Act.SUBMITTED, Act.APPROVED, Act.PUBLISHED]


def test_returning_needs_a_word_and_no_more_than_a_page(school: School) -> None:
    rita, draft = reviewer(school), hand_in(school)
    with pytest.raises(ToolError, match="comment_missing"):
        give_back(school, draft, rita, comments={"$.title": "  "})
    with pytest.raises(ToolError, match="comment_too_long"):
        give_back(school, draft, rita, comments={"$.title": "x" * 4001})
    with pytest.raises(ToolError, match="unknown_element"):
        give_back(school, draft, rita, comments={"$.title; drop": "x"})
    assert waiting(school, rita) == [draft]


def test_author_and_reviewer_are_different_people(school: School) -> None:
    draft = hand_in(school)
    author = reviewer(school, actor=AUTHOR)
    assert waiting(school, author) == []
    with pytest.raises(Forbidden, match="own_definition"):
        approve(school, draft, author)
    with pytest.raises(Forbidden, match="own_definition"):
        give_back(school, draft, author, note="no")
    with pytest.raises(Forbidden, match="independence_missing"):
        approve(school, draft, reviewer(school), is_independent=False)


def test_whoever_handed_it_in_for_its_author_does_not_review_it(school: School) -> None:
    rita, writer = reviewer(school), Writer(AUTHOR, body_id(school))
    with school.transaction() as db:
        draft = drafts.start(db, writer, title="A title", language="en", now=school.now)
        drafts.save(db, draft, handing_in.content("school", "School"), revision=1, now=school.now)
        drafts.submit(db, draft, actor=rita.actor, now=school.now)
    with pytest.raises(Forbidden, match="own_definition"):
        approve(school, draft.id, rita)


def test_only_what_the_reviewer_read_is_decided_and_only_once(school: School) -> None:
    rita, draft = reviewer(school), hand_in(school)
    with pytest.raises(Conflict, match="review_outdated"):
        approve(school, draft, rita, revision=1)
    approve(school, draft, rita)
    with pytest.raises(Conflict, match="review_over"):
        give_back(school, draft, rita, note="too late")


@on_each_database
def test_a_reviewer_of_another_school_sees_it_only_as_a_partner(school: School) -> None:
    own, partner = reviewer(school), reviewer(school, "partner", actor="account:petra")
    draft = hand_in(school)
    assert waiting(school, partner) == []
    with pytest.raises(NotFound, match="unknown_review"):
        approve(school, draft, partner)
    with school.transaction() as db:
        ours = organisations.find(db, "school")
        wanted = frozenset({organisations.find(db, "partner").id})
        review_partners.ask(db, ours, wanted, by="account:admin", now=school.now)
        assert [one.slug for one in review_partners.partners(db, ours)] == ["partner"]
    assert waiting(school, own) == []
    with pytest.raises(NotFound, match="unknown_review"):
        approve(school, draft, own)
    both = reviewer(school, "school", "partner", actor="account:both")
    assert waiting(school, both) == []  # belongs to the school that asks for others
    version = approve(school, draft, partner)
    assert (Act.APPROVED, "Partner") in acts(school, version)


def test_partners_are_other_organisations_of_this_server(school: School) -> None:
    with school.transaction() as db:
        ours = organisations.find(db, "school")
        for wanted in (ours.id, uuid.uuid4()):
            with pytest.raises(NotFound, match="unknown_organisation"):
                review_partners.ask(db, ours, frozenset({wanted}), by="a", now=school.now)
        other = organisations.get_or_add_organisation(db, "other", "Other", None, school.now)
        review_partners.ask(db, ours, frozenset({other.id}), by="a", now=school.now)
        review_partners.ask(db, ours, NOBODY, by="a", now=school.now)
        assert review_partners.partners(db, ours) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"awarding_body": {"slug": "elsewhere", "name": {"en": "School"}, "country": "DE"}}, None),
        ({"awarding_body": {"slug": "school", "name": {"en": "Harvard"}, "country": "DE"}}, None),
        ({"awarding_body": {"slug": "school", "name": {"en": "School"}, "country": "FR"}}, None),
    ],
)
def test_nobody_publishes_in_the_name_of_another(
    school: School, changes: dict[str, Any], code: None
) -> None:
    with pytest.raises(Conflict, match="foreign_awarding_body"):
        hand_in(school, **changes)


def test_the_first_version_of_a_code_is_published_once(school: School) -> None:
    rita = reviewer(school)
    first, second = hand_in(school), hand_in(school)
    approve(school, first, rita)
    with pytest.raises(Conflict, match="code_taken"):
        approve(school, second, rita)
    with pytest.raises(Conflict, match="code_taken"):
        hand_in(school)
    assert waiting(school, rita) == [second]


@on_each_database
def test_the_next_version_supersedes_the_first(school: School) -> None:
    rita = reviewer(school)
    first = approve(school, hand_in(school), rita)
    school.tick(days=1)
    second = approve(school, go_on(school, Kind.VERSION, hours=99), rita)
    assert first != second
    with school.transaction() as db:
        newest = catalogue.find(db, "school/PV-1")
        assert (newest.id, newest.version) == (second, "2.0")
        last = history.of_version(db, db.get_one(MicroCredentialVersion, first))[-1]
        assert (last.act, last.by) == (Act.SUPERSEDED, "2.0")


@on_each_database
def test_a_translation_is_a_dated_revision_of_the_same_version(school: School) -> None:
    rita = reviewer(school)
    version = approve(school, hand_in(school), rita)
    with school.transaction() as db:
        before = catalogue.definition(db.get_one(MicroCredentialVersion, version))
    school.tick(days=30)
    title = {**WLD.title, "fr": "Soudage"}
    assert approve(school, go_on(school, Kind.EDITORIAL, title=title), rita) == version
    with school.transaction() as db:
        found = db.get_one(MicroCredentialVersion, version)
        assert catalogue.definition(found) == replace(before, title=Text(title))
        wordings = catalogue.wordings(db, found)
        assert [one.number for one in wordings] == [1, 2]
        assert wordings[0].mc == before
        assert wordings[1].at - wordings[0].at == timedelta(days=30)
        assert catalogue.wording(db, found, 1).mc == before
        with pytest.raises(NotFound):
            catalogue.wording(db, found, 3)
    assert [act for act, _ in acts(school, version)][-3:] == [
        Act.SUBMITTED,
        Act.APPROVED,
        Act.REVISED,
    ]


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"hours": 99}, "$.hours"), ({"eqf_level": {"level": 5, "basis": "indicative"}}, "eqf_level")],
)
def test_a_revision_of_the_wording_changes_nothing_else(
    school: School, changes: dict[str, Any], path: str
) -> None:
    approve(school, hand_in(school), reviewer(school))
    with pytest.raises(MoreThanWording) as refused:
        go_on(school, Kind.EDITORIAL, **changes)
    assert path in refused.value.differences[0].path


def test_a_revision_that_changes_nothing_is_none(school: School) -> None:
    approve(school, hand_in(school), reviewer(school))
    with pytest.raises(Conflict, match="nothing_changed"):
        go_on(school, Kind.EDITORIAL)
    with pytest.raises(Conflict, match="code_changed"):
        go_on(school, Kind.EDITORIAL, version="7")
    with pytest.raises(Conflict, match="code_changed"):
        go_on(school, Kind.VERSION, code="OTHER")
    with pytest.raises(Conflict, match="code_taken"):
        go_on(school, Kind.VERSION, version="1.0")


def test_the_reviewer_sees_what_changed(school: School) -> None:
    rita = reviewer(school)
    approve(school, hand_in(school), rita)
    draft = go_on(school, Kind.VERSION, hours=99)
    with school.transaction() as db:
        (found,) = reviews.changed(drafts.find(db, draft))
        assert (found.path, found.new, found.is_substantive) == ("$.hours", 99, True)
        assert reviews.changed(reviews.find(db, rita, draft)) == (found,)


def test_a_school_keeps_the_name_that_operators_gave_it(school: School) -> None:
    body = {"slug": "school", "name": {"en": "Other", "de": "School"}, "country": "DE"}
    approve(school, hand_in(school, awarding_body=body), reviewer(school))
    with school.transaction() as db:
        assert db.query(Organisation).filter_by(slug="school").one().name == "School"


def test_what_the_operator_imports_is_published_by_the_operator(school: School) -> None:
    with school.transaction() as db:
        version = catalogue.find(db, WLD.code)
        (event,) = history.of_version(db, version)
        assert (event.act, event.organisation) == (Act.PUBLISHED, "")


def test_of_two_reviewers_at_one_moment_one_decides(each_database: Database, now: datetime) -> None:
    school = School.open(each_database, now)
    draft = hand_in(school)
    both = [reviewer(school, actor=f"account:{name}") for name in ("rita", "petra")]

    def decide(who: Reviewer) -> str:
        try:
            approve(school, draft, who)
        except Conflict as error:
            return error.code
        return "approved"

    assert sorted(map(str, at_one_moment([partial(decide, who) for who in both]))) == [
        "approved",
        "review_over",
    ]
    with school.transaction() as db:
        assert len(catalogue.find(db, "school/PV-1").series.versions) == 1
