"""Make `losses.jsonl` from the history of the loss claims.

python -m examples.make_losses revisions.jsonl.gz > examples/losses.jsonl
"""

import sys

from msgspec.structs import replace

from feeds import loss_claims
from feeds.interchange import command_line
from feeds.items import Item

FIRST_DAY, LAST_DAY = "2024-07-01", "2024-09-30"
"""The days whose records the example holds, both included."""


def lines(path: str) -> list[str]:
    """The interchange lines. Raises ValueError if a line of the history is refused.

    They carry no key: each gets the one that the feed itself would give it, so that the whole
    history can be imported over the example.
    """
    with open(path, "rb") as stream:
        results = list(loss_claims.read(stream, first_day=FIRST_DAY, last_day=LAST_DAY))
    made = []
    for result in results:
        if not isinstance(result, Item):
            raise ValueError(f"line {result.line_number}: {result.reason}")
        made.append(command_line(replace(result.envelope, key=None)))
    return made


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in lines(sys.argv[1])))
