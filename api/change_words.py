"""One field of a claim before and after, as a question of our own is answered with it, in words."""

from __future__ import annotations

from typing import Any, Final

CHANGE: Final = """
fragment Change on ClaimChange {
  __typename
  ... on StatementChange { oldStatement newStatement }
  ... on KindChange { oldKind newKind }
  ... on AboutChange { oldAbout newAbout }
  ... on QuantityChange { oldQuantity { ...Number } newQuantity { ...Number } }
  ... on AttributionChange {
    oldAttribution { source { name } verb }
    newAttribution { source { name } verb }
  }
  ... on TopicsChange { oldTopics newTopics }
  ... on StoryChange { oldStory { title } newStory { title } }
}

fragment Number on Quantity { label value unit hedge low high }
"""
"""What such a question asks of a change."""

_HEDGES: Final = {
    "EXACTLY": "",
    "ABOUT": "about ",
    "MORE_THAN": "more than ",
    "LESS_THAN": "less than ",
}


def before_and_after(change: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    """The field; None: the statement itself. What it was; None: it was not there. What it became;
    None: it was taken out."""
    match change["__typename"]:
        case "StatementChange":
            return None, change["oldStatement"], change["newStatement"]
        case "KindChange":
            return "Kind", change["oldKind"].lower(), change["newKind"].lower()
        case "AboutChange":
            unknown = "not known"
            return "About", change["oldAbout"] or unknown, change["newAbout"] or unknown
        case "QuantityChange":
            before, after = change["oldQuantity"], change["newQuantity"]
            return (after or before)["label"], _number(before), _number(after)
        case "AttributionChange":
            chains = change["oldAttribution"], change["newAttribution"]
            return "On whose word", chain(chains[0]), chain(chains[1])
        case "TopicsChange":
            topics = change["oldTopics"], change["newTopics"]
            return "Topics", ", ".join(topics[0]) or "none", ", ".join(topics[1]) or "none"
        case "StoryChange":
            none = {"title": "none"}
            stories = change["oldStory"] or none, change["newStory"] or none
            return "Story", stories[0]["title"], stories[1]["title"]
    raise ValueError(change["__typename"])


def _number(quantity: dict[str, Any] | None) -> str | None:
    if quantity is None:
        return None
    words = f"{_HEDGES[quantity['hedge']]}{quantity['value']}"
    if quantity["unit"]:
        words += f" {quantity['unit']}"
    low, high = (quantity[bound] or "?" for bound in ("low", "high"))
    return words if low == high == "?" else f"{words} ({low} to {high})"


def chain(steps: list[dict[str, Any]]) -> str:
    """A chain of attribution, outermost first: `Lavrov said: Putin claimed`."""
    told = (f"{one['source']['name']} {one['verb'].lower().replace('_', ' ')}" for one in steps)
    return ": ".join(told) or "nobody"
