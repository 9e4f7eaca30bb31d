"""JSONata expressions as LocalStack puts them together, by the pure-Python port of the language.

LocalStack writes the data into the expression: `($states:={…};$states.result.Payload)`. To read a batch of 200 KB as
source text takes seconds, and nearly all of our expressions are only paths into it: those are walked here.
"""

import json
import re

PREFIX = "($states:="
PATH = re.compile(r";\$states((?:\.[A-Za-z_]\w*)+)\)")


def path(expression: str):
    """The value of an expression that is only a path through objects, in a tuple; None for any other."""
    if not expression.startswith(PREFIX):
        return None
    try:
        states, end = json.JSONDecoder().raw_decode(expression, len(PREFIX))
    except ValueError:
        return None
    rest = PATH.fullmatch(expression, end)
    if rest is None:
        return None
    value = states
    for name in rest[1].split(".")[1:]:
        # a list is mapped over, what is missing is nothing: the language itself knows how
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return (value,)


def evaluate(expression: str):
    """The value of an expression."""
    found = path(expression)
    if found is not None:
        return found[0]
    from jsonata import jsonata

    return json.loads(json.dumps(jsonata.Jsonata(expression).evaluate(None)))
