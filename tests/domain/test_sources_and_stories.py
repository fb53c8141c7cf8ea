"""The rules for sources and stories."""

from domain.commands import AddSourceAlias, MergeSources, OpenStory, RegisterSource
from domain.events import SourceAliasAdded, SourceMerged, SourceRegistered, StoryOpened
from domain.history import ALWAYS
from domain.ids import Subject
from domain.refusals import (
    AlreadyExists,
    AlreadyMerged,
    NotFound,
    NothingChanged,
    SelfReference,
)
from domain.words import SourceKind
from tests.domain.desk import empty, given, identity, source_id

AFP = RegisterSource(source="afp", name="AFP", kind=SourceKind.AGENCY, country="FR")


def test_a_source_is_registered_with_what_is_known_of_it() -> None:
    desk = empty()
    assert desk.when(AFP) == (
        SourceRegistered(ref="afp", name="AFP", kind=SourceKind.AGENCY, country="FR"),
    )
    assert (desk.source("afp").name, desk.source("afp").version) == ("AFP", 1)


def test_a_source_can_be_unnamed() -> None:
    desk = empty()
    desk.when(RegisterSource(source="officials", name="officials", kind=SourceKind.UNNAMED))
    assert desk.source("officials").kind is SourceKind.UNNAMED


def test_a_source_that_is_named_by_its_id_has_no_reference() -> None:
    desk = empty()
    own = str(identity(Subject.SOURCE, "afp"))
    (event,) = desk.when(RegisterSource(source=own, name="AFP", kind=SourceKind.AGENCY))
    assert event == SourceRegistered(name="AFP", kind=SourceKind.AGENCY)
    assert desk.source("afp").name == "AFP"


def test_a_source_is_registered_once() -> None:
    given(AFP).refuses(AFP, AlreadyExists, "source")


def test_a_source_holds_at_every_reporting_time() -> None:
    desk = given(AFP)
    assert [entry.reported_at for entry in desk.entries(source_id("afp"))] == [ALWAYS]


def test_a_source_can_be_spelt_another_way() -> None:
    desk = given()
    alias = AddSourceAlias(source="bbc", alias="BBC News")
    assert desk.when(alias) == (SourceAliasAdded(alias="BBC News"),)
    assert desk.source("bbc").aliases == ("BBC News",)


def test_a_spelling_is_added_once() -> None:
    alias = AddSourceAlias(source="bbc", alias="BBC News")
    given(alias).refuses(alias, NothingChanged, "alias")


def test_the_name_of_a_source_is_no_alias_of_it() -> None:
    given().refuses(AddSourceAlias(source="bbc", alias="BBC"), NothingChanged, "alias")


def test_an_unknown_source_cannot_be_spelt_another_way() -> None:
    given().refuses(AddSourceAlias(source="nobody", alias="x"), NotFound, "source")


def test_a_source_goes_under_the_name_of_another() -> None:
    desk = given(AFP)
    into = source_id("bbc")
    assert desk.when(MergeSources(source="afp", into="bbc")) == (SourceMerged(into=into),)
    assert desk.source("afp").merged_into == into
    assert desk.source("bbc").merged_into is None


def test_a_source_cannot_be_merged_into_itself() -> None:
    own = str(source_id("bbc"))
    given().refuses(MergeSources(source="bbc", into=own), SelfReference, "into")


def test_a_source_is_merged_once() -> None:
    desk = given(AFP, MergeSources(source="afp", into="bbc"))
    desk.refuses(MergeSources(source="afp", into="mayor"), AlreadyMerged, "source")


def test_no_source_is_merged_into_one_that_is_merged_away() -> None:
    desk = given(AFP, MergeSources(source="afp", into="bbc"))
    desk.refuses(MergeSources(source="mayor", into="afp"), AlreadyMerged, "into")


def test_mergers_cannot_make_a_ring() -> None:
    desk = given(AFP, MergeSources(source="afp", into="bbc"))
    desk.when(MergeSources(source="bbc", into="mayor"))
    desk.refuses(MergeSources(source="mayor", into="afp"), AlreadyMerged, "into")


def test_only_sources_in_the_record_are_merged() -> None:
    given().refuses(MergeSources(source="nobody", into="bbc"), NotFound, "source")
    given().refuses(MergeSources(source="bbc", into="nobody"), NotFound, "into")


def test_a_story_is_opened() -> None:
    desk = empty()
    command = OpenStory(story="talks", title="The talks", summary="In Doha.", topics=("peace",))
    assert desk.when(command) == (
        StoryOpened(ref="talks", title="The talks", summary="In Doha.", topics=("peace",)),
    )
    story = desk.story("talks")
    assert (story.ref, story.title, story.topics) == ("talks", "The talks", ("peace",))


def test_a_story_is_opened_once() -> None:
    given().refuses(OpenStory(story="bridge", title="Another"), AlreadyExists, "story")
