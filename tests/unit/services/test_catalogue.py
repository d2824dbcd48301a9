"""Publishing and finding definitions."""

from dataclasses import replace

import pytest

from badges import samples
from badges.text import Text
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import MicroCredentialVersion
from lti_tool.services.definitions import catalogue
from tests.factories.courses import School

WLD = samples.welding()
REFERENCE = f"{WLD.awarding_body.slug}/{WLD.code}"


def test_every_sample_can_be_published(school: School) -> None:
    for mc in samples.all():
        school.publish(mc)
    with school.transaction() as db:
        kept = [catalogue.definition(version) for version in catalogue.all_versions(db)]
    assert {mc.code: mc for mc in kept} == {mc.code: mc for mc in samples.all()}


def test_publishing_the_same_again_changes_nothing(school: School) -> None:
    school.publish(WLD)
    with school.transaction() as db:
        assert db.query(MicroCredentialVersion).count() == 1


def test_a_published_version_never_changes(school: School) -> None:
    with pytest.raises(Conflict, match="version_exists"):
        school.publish(replace(WLD, title=Text({"en": "Other"})))


def test_a_definition_in_which_nothing_is_assessed_is_refused(school: School) -> None:
    units = tuple(replace(unit, allows_participation=True) for unit in WLD.units)
    with pytest.raises(catalogue.IncompleteDefinition) as refusal:
        school.publish(replace(WLD, version="2", units=units))
    assert refusal.value.missing == (("nothing_assessed", ""),)


def test_an_incomplete_definition_is_refused_with_what_is_missing(school: School) -> None:
    with pytest.raises(catalogue.IncompleteDefinition) as refusal:
        school.publish(replace(WLD, version="2", quality_assurance=None, participation=None))
    assert refusal.value.missing == (("participation", ""), ("quality_assurance", ""))


def test_a_reference_without_a_version_means_the_newest(school: School) -> None:
    school.tick(days=1)
    school.publish(replace(WLD, version="2.0"))
    with school.transaction() as db:
        assert catalogue.find(db, WLD.code).version == "2.0"
        assert catalogue.find(db, REFERENCE).version == "2.0"
        assert catalogue.find(db, f"{REFERENCE}/{WLD.version}").version == WLD.version


def test_a_code_that_two_bodies_use_needs_the_body(school: School) -> None:
    school.publish(replace(WLD, awarding_body=replace(WLD.awarding_body, slug="other-school")))
    with school.transaction() as db:
        with pytest.raises(NotFound, match="ambiguous_micro_credential"):
            catalogue.find(db, WLD.code)
        assert catalogue.find(db, f"other-school/{WLD.code}")


@pytest.mark.parametrize("reference", ["", "/", "a/b/c/d", "\x00", "x" * 5000, "' OR 1=1 --"])
def test_a_reference_that_names_nothing_is_not_found(school: School, reference: str) -> None:
    with school.transaction() as db, pytest.raises(NotFound):
        catalogue.find(db, reference)


def test_the_newest_of_each_series_are_on_offer(school: School) -> None:
    other = next(mc for mc in samples.all() if mc.code != WLD.code)
    school.publish(other)
    school.tick(days=1)
    school.publish(replace(WLD, version="2.0"))
    with school.transaction() as db:
        offered = [version.reference.split("/", 1)[1] for version in catalogue.newest(db)]
    assert sorted(offered) == sorted([f"{WLD.code}/2.0", f"{other.code}/{other.version}"])


@pytest.mark.parametrize(
    "reference",
    [
        WLD.code,
        REFERENCE,
        f"{REFERENCE}/{WLD.version}",
        f"{REFERENCE}/0",
        f"nobody/{WLD.code}",
        f"{REFERENCE}/{WLD.version}/more",
        WLD.code.lower(),
        "",
        "/",
    ],
)
def test_a_version_is_called_what_the_database_finds_it_by(school: School, reference: str) -> None:
    names = catalogue.Names(WLD.awarding_body.slug, WLD.code, WLD.version)
    with school.transaction() as db:
        try:
            found = catalogue.find(db, reference).version == WLD.version
        except NotFound:
            found = False
    assert names.include(reference) is found
