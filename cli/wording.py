"""Word-level differences between two wordings of a statement."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum, unique

_WORDS = re.compile(r"\d+(?:[.,]\d+)*|\w+(?:['’-]\w+)*|\s+|[^\w\s]")


@unique
class Op(StrEnum):
    """What became of a stretch of text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of text. The same and the removed ones make up the old text, the same and the
    added ones the new."""

    op: Op
    text: str


def differences(old: str, new: str) -> list[Stretch]:
    """How `new` came out of `old`, in whole words and numbers; what was removed stands before what
    was put in its place."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    result: list[Stretch] = []
    removed = added = ""
    blocks = matcher.get_opcodes()
    for index, (tag, old_from, old_to, new_from, new_to) in enumerate(blocks):
        same = "".join(before[old_from:old_to])
        inside = 0 < index < len(blocks) - 1
        if tag == "equal" and not (inside and same.isspace()):
            result += _changed(removed, added)
            removed = added = ""
            result.append(Stretch(Op.SAME, same))
        else:  # a lone space between two changed words belongs to the change
            removed += same
            added += "".join(after[new_from:new_to])
    return result + _changed(removed, added)


def _changed(removed: str, added: str) -> list[Stretch]:
    pairs = ((Op.REMOVED, removed), (Op.ADDED, added))
    return [Stretch(op, text) for op, text in pairs if text]


def marked(stretches: list[Stretch]) -> str:
    """The differences in plain text, as `git diff --word-diff` marks them."""
    marks = {Op.SAME: "{}", Op.REMOVED: "[-{}-]", Op.ADDED: "{{+{}+}}"}
    return "".join(marks[stretch.op].format(stretch.text) for stretch in stretches)
