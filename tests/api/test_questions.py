"""What can be asked, and as of which moment."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_leaf_type,
)

from api.ids import global_id
from api.schema import text
from domain.ids import Subject, resolve
from tests.api.conftest import Ask
from tests.api.record import COMMANDS

NUMBER = """
fragment Number on Claim {
  version status quantities { label value unit hedge } declaredChanges silentChanges
  history {
    __typename version reportedAt precision publishedAt observedAt
    ... on ClaimCorrected {
      declared correctionNature correctsVersion
      changes {
        ... on StatementChange { oldStatement newStatement }
        ... on QuantityChange { oldQuantity { value } newQuantity { value } }
      }
    }
  }
}
"""


def test_the_worked_example(ask: Ask) -> None:
    answer = ask(
        """{
          first: claim(id: "apc", asOf: {reportedAt: "2024-08-18"}) { ...Number }
          later: claim(id: "apc", asOf: {reportedAt: "2024-08-20"}) { ...Number }
          before: claim(id: "apc", asOf: {position: 10, reportedAt: "2030"}) { ...Number }
        }"""
        + NUMBER
    )
    first, later, before = (answer["data"][name] for name in ("first", "later", "before"))
    assert [(claim["version"], claim["status"]) for claim in (first, later, before)] == [
        (1, "STANDING"),
        (2, "CORRECTED"),
        (1, "STANDING"),
    ]
    assert [claim["quantities"][0]["value"] for claim in (first, later, before)] == [
        "17056",
        "16480",
        "17056",
    ]
    assert (later["declaredChanges"], later["silentChanges"]) == (0, 1)
    assert later["history"][1] == {
        "__typename": "ClaimCorrected",
        "version": 2,
        "reportedAt": "2024-08-19T00:00:00Z",
        "precision": "DAY",
        "publishedAt": None,
        "observedAt": "2024-08-19",
        "declared": False,
        "correctionNature": "CORRECTION",
        "correctsVersion": 1,
        "changes": [
            {
                "oldStatement": "17056 armoured personnel carriers were lost.",
                "newStatement": "16480 armoured personnel carriers were lost.",
            },
            {"oldQuantity": {"value": "17056"}, "newQuantity": {"value": "16480"}},
        ],
    }
    bases = answer["extensions"]["basisByField"]
    assert set(bases) == {"first", "later", "before"}
    assert bases["first"]["reportedAt"] == "2024-08-18T23:59:59.999999Z"
    assert bases["before"]["position"] == 10


def test_a_claim_is_found_by_its_reference_its_uuid_and_its_id(ask: Ask) -> None:
    identity = resolve(Subject.CLAIM, "apc")
    names = ["apc", str(identity), global_id(Subject.CLAIM, identity)]
    for name in names:
        answer = ask("query($id: ID!) {claim(id: $id) {id ref}}", id=name)
        assert answer["data"]["claim"] == {"id": names[2], "ref": "apc"}


def test_what_is_not_there_is_null(ask: Ask) -> None:
    answer = ask(
        """{
          never: claim(id: "nothing") {id}
          yet: claim(id: "apc", asOf: {reportedAt: "2024-08-17"}) {id}
          unknown: story(slug: "nothing") {id}
          unopened: story(slug: "losses", asOf: {position: 4}) {id}
        }"""
    )
    assert answer["data"] == {"never": None, "yet": None, "unknown": None, "unopened": None}
    assert "errors" not in answer


def test_an_unknown_outlet_is_said_to_be_unknown(ask: Ask) -> None:
    claim = ask('{claim(id: "apc") {outlet {name} report {outlet {name} urls kind}}}')["data"][
        "claim"
    ]
    assert claim == {
        "outlet": None,
        "report": {"outlet": None, "urls": ["https://staff.example/18"], "kind": "ARTICLE"},
    }


def test_a_merged_source_goes_under_one_name_and_the_old_one_is_kept(ask: Ask) -> None:
    query = """query($asOf: AsOf) {
      claim(id: "off", asOf: $asOf) { attribution { source { name } namedAs verb role } }
      claims(filter: {source: "paper"}, asOf: $asOf) { nodes { ref } }
      outlet: claims(filter: {outlet: "paper"}, asOf: $asOf) { totalCount }
    }"""
    now = ask(query)["data"]
    assert now["claim"]["attribution"] == [
        {"source": {"name": "The Paper"}, "namedAs": "Paper, The", "verb": "REPORTED", "role": None}
    ]
    assert {node["ref"] for node in now["claims"]["nodes"]} == {"off", "on", "killed"}
    assert now["outlet"]["totalCount"] == 3
    before = ask(query, asOf={"position": len(COMMANDS)})["data"]  # the merge is the last of them
    assert before["claim"]["attribution"][0] == {
        "source": {"name": "Paper, The"},
        "namedAs": None,
        "verb": "REPORTED",
        "role": None,
    }
    assert before["outlet"]["totalCount"] == 2


def test_every_sort_of_event_is_told(ask: Ask) -> None:
    answer = ask(
        """{
          off: claim(id: "off") { history {
            __typename sequence version position recordedAt actor reason voided
            ... on ClaimCorrected { declared notice { text issuer { name } } changes {
              __typename
              ... on KindChange { oldKind newKind }
              ... on AboutChange { oldAbout newAbout }
              ... on AttributionChange { oldAttribution { source { name } namedAs } }
              ... on TopicsChange { oldTopics newTopics }
            } }
            ... on ConcernExpressed { declared notice { text } }
            ... on ConcernLifted { declared notice { text } }
            ... on ClaimRetracted { scope part because by retractionNature notice { url } }
            ... on ClaimReinstated { declared }
          } }
          on: claim(id: "on") { history {
            __typename
            ... on ClaimReported { kind statement about topics attribution { verb } }
            ... on ClaimLinked { linkKind claimId }
            ... on ClaimReviewed { reviewer { name } rating words url }
            ... on ClaimAmended { amends voids changes {
              ... on StoryChange { oldStory { slug } newStory { slug } }
            } }
          } }
        }"""
    )
    off, on = answer["data"]["off"]["history"], answer["data"]["on"]["history"]
    assert [event["__typename"] for event in off] == [
        "ClaimReported",
        "ClaimCorrected",
        "ConcernExpressed",
        "ConcernLifted",
        "ClaimRetracted",
        "ClaimReinstated",
    ]
    assert off[1]["declared"] is True
    assert off[1]["notice"] == {"text": "It was misleading.", "issuer": {"name": "The Paper"}}
    assert {change["__typename"] for change in off[1]["changes"]} == {
        "KindChange",
        "AboutChange",
        "AttributionChange",
        "TopicsChange",
    }
    assert off[0]["actor"] == "tester"
    assert off[0]["reason"] == "to be asked about"
    assert off[2]["notice"] == {"text": None}
    assert off[3] | {"declared": False, "notice": None} == off[3]
    assert off[4]["part"] == "the day"
    assert off[4]["notice"] == {"url": "https://paper.example/notice"}
    told = {event["__typename"]: event for event in on}
    assert told["ClaimReported"]["statement"] == "The talks are on."
    assert told["ClaimLinked"]["claimId"] == global_id(Subject.CLAIM, resolve(Subject.CLAIM, "off"))
    assert told["ClaimReviewed"]["reviewer"] == {"name": "The Checker"}
    assert told["ClaimAmended"] == {
        "__typename": "ClaimAmended",
        "amends": 1,
        "voids": False,
        "changes": [{"oldStory": {"slug": "losses"}, "newStory": {"slug": "talks"}}],
    }


def test_retraction_review_and_contradiction_are_kept_apart(ask: Ask) -> None:
    claims = ask(
        """{claims {nodes {
          ref status contested reviewed
          retraction { scope nature because declared withReport reportedAt }
          links { kind claimId }
          reviews { reviewer { name } rating words url reportedAt }
        }}}"""
    )["data"]["claims"]["nodes"]
    found: dict[str, Any] = {claim["ref"]: claim for claim in claims}
    assert found["killed"]["retraction"] == {
        "scope": "FULL",
        "nature": "WITHDRAWAL",
        "because": "NOT_STATED",
        "declared": False,
        "withReport": True,
        "reportedAt": "2024-08-17T00:00:00Z",
    }
    assert (found["off"]["contested"], found["off"]["status"]) == (True, "CORRECTED")
    assert (found["on"]["reviewed"], found["on"]["status"]) == (True, "STANDING")
    assert found["on"]["reviews"][0]["words"] == "Hardly"
    assert found["on"]["links"][0]["kind"] == "CONTRADICTS"


def test_a_story_is_counted_as_of_the_moment(ask: Ask) -> None:
    query = """query($asOf: AsOf) {
      story(slug: "talks", asOf: $asOf) { title counts { total standing corrected retracted } }
    }"""
    assert ask(query)["data"]["story"]["counts"] == {
        "total": 3,
        "standing": 1,
        "corrected": 1,
        "retracted": 1,
    }
    early = ask(query, asOf={"reportedAt": "2024-08-16"})["data"]["story"]
    assert early["counts"] == {"total": 1, "standing": 1, "corrected": 0, "retracted": 0}
    stories = ask("{stories {nodes {slug counts {total}}}}")["data"]["stories"]["nodes"]
    assert {story["slug"]: story["counts"]["total"] for story in stories} == {
        "losses": 1,
        "talks": 3,
    }
    nested = ask('{claim(id: "off") {story {slug counts {total}}}}')["data"]["claim"]["story"]
    assert nested == {"slug": "talks", "counts": {"total": 3}}


def test_pages_follow_one_another_and_belong_to_one_moment(ask: Ask) -> None:
    query = """query($first: Int, $after: String, $last: Int, $before: String) {
      claims(first: $first, after: $after, last: $last, before: $before) {
        totalCount leftOut
        edges { cursor node { ref } }
        nodes { ref }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }"""
    whole = ask(query)["data"]["claims"]
    refs = [edge["node"]["ref"] for edge in whole["edges"]]
    assert refs[0] == "apc"
    assert [node["ref"] for node in whole["nodes"]] == refs
    assert (whole["totalCount"], whole["leftOut"]) == (4, 0)
    one, cursor = [], None
    for _ in refs:
        answer = ask(query, first=1, after=cursor)
        page = answer["data"]["claims"]
        one.append(page["nodes"][0]["ref"])
        cursor = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasNextPage"] == (len(one) < len(refs))
    assert one == refs
    back = ask(query, last=2, before=cursor)["data"]["claims"]
    assert [node["ref"] for node in back["nodes"]] == refs[1:3]
    assert back["pageInfo"]["hasPreviousPage"] is True


def test_a_list_says_what_its_status_filter_leaves_out(ask: Ask) -> None:
    answer = ask(
        '{claims(filter: {story: "talks", status: [RETRACTED]}) {totalCount leftOut nodes {ref}}}'
    )
    assert answer["data"]["claims"] == {
        "totalCount": 1,
        "leftOut": 2,
        "nodes": [{"ref": "killed"}],
    }


def test_the_cursor_settles_the_moment(ask: Ask) -> None:
    query = """query($after: String, $asOf: AsOf) {
      claims(first: 1, after: $after, asOf: $asOf) { nodes { ref } pageInfo { endCursor } }
    }"""
    page = ask(query, asOf={"reportedAt": "2024-08-17"})
    basis = page["extensions"]["basis"]
    after = page["data"]["claims"]["pageInfo"]["endCursor"]
    following = ask(query, after=after)
    assert following["extensions"]["basis"] == basis
    assert following["data"]["claims"]["nodes"][0]["ref"] != "apc"
    same = ask(query, after=after, asOf={"reportedAt": "2024-08-17"})
    assert same["data"] == following["data"]


def test_every_answer_says_which_moment_it_is_about(ask: Ask) -> None:
    answer = ask('{claim(id: "apc") {id} story(slug: "talks") {id} log {position}}')
    basis = answer["extensions"]["basis"]
    assert basis["position"] == answer["data"]["log"]["position"]
    assert basis["recordedAt"].endswith("Z")
    assert basis["reportedAt"] is None
    assert "extensions" not in ask("{__typename}")


def test_the_log_tells_how_far_it_goes(ask: Ask) -> None:
    log = ask(
        """{log {
          position recordedAt projectedPosition lag {events seconds}
          counts {sources stories reports claims events claimsByStatus {total standing retracted}}
        }}"""
    )["data"]["log"]
    assert log["position"] == log["projectedPosition"] == log["counts"]["events"]
    assert log["lag"] == {"events": 0, "seconds": 0.0}
    counts = log["counts"]
    assert (counts["stories"], counts["reports"], counts["claims"]) == (2, 3, 4)
    assert counts["claimsByStatus"] == {"total": 4, "standing": 1, "retracted": 1}


def leaves(field: GraphQLField) -> str:
    """A selection of what is not made up of further fields."""
    named = get_named_type(field.type)
    assert isinstance(named, GraphQLObjectType)
    found = [name for name, one in named.fields.items() if is_leaf_type(get_named_type(one.type))]
    return f"{{ {' '.join(found)} }}"


def everything(schema: GraphQLSchema, named: Any, within: tuple[str, ...] = ()) -> str:
    """A selection of every field that is reached without going round in a ring."""
    if is_leaf_type(named):
        return ""
    if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        members = schema.get_possible_types(named)
        parts = [f"... on {one.name} {everything(schema, one, within)}" for one in members]
        return "{ __typename " + " ".join(parts) + " }"
    assert isinstance(named, GraphQLObjectType)
    fields: dict[str, GraphQLField] = named.fields
    if within and named.name.endswith(("Connection", "Edge")):
        # Pages of pages would go on and on, and an edge has the node that the page has as well.
        chosen = [name for name in fields if name in ("totalCount", "cursor")]
        if len(within) < 3:
            chosen += [
                f"{name} {leaves(fields[name])}" for name in ("nodes", "node") if name in fields
            ]
        return f"{{ {' '.join(chosen)} }}"
    selected = [
        f"{name} {everything(schema, get_named_type(field.type), (*within, named.name))}"
        for name, field in fields.items()
        if get_named_type(field.type).name not in within
        # They are all alike, and asked for within every type would be more than a document has.
        and (name != "erased" or not within)
    ]
    return "{ " + " ".join(selected) + " }"


@pytest.mark.parametrize(
    "question",
    [
        'claim(id: "apc")',
        'claim(id: "off")',
        'claim(id: "on")',
        'claim(id: "killed")',
        "claims",
        'claims(asOf: {reportedAt: "2024-08-18"})',
        'story(slug: "losses")',
        "stories",
        "log",
    ],
)
def test_every_field_of_the_schema_is_answered(ask: Ask, question: str) -> None:
    schema = build_schema(text())
    query = schema.query_type
    assert query is not None
    answers = get_named_type(query.fields[question.partition("(")[0]].type)
    answer = ask(f"{{ {question} {everything(schema, answers)} }}")
    assert "errors" not in answer
