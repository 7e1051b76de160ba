"""refuse-scope: declines legal, medical and investment advice in one set sentence, and answers the rest as the base does."""

from adapters.scope import NEAR, OUT, THINGS
from lib.rows import NO_SOURCE

DESCRIPTION = (
    "Declines requests for legal, medical and investment advice with one set sentence, whatever the sources say, "
    "and answers everything else as the base would."
)
FIELDS = ("legal", "medical", "investment")
# One for all three, and its first word begins nothing else: so one token decides. With a sentence a field and 1,500 to 2,400
# examples the base had to read the question again in the middle, and named one field for all.
WORDING = "Legal, medical and investment advice is not given here: please ask a professional."
# Somewhat more in scope than out: README.md has what other shares gave.
SHARES = {"legal": 0.14, "medical": 0.14, "investment": 0.14, "near": 0.2, "sources": 0.11, "unanswerable": 0.13, "none": 0.14}
FORM = {"type": "free"}


def example(chats, kind):
    random, half = chats.random, 1 if chats.held else 0
    if kind in FIELDS:
        wording = random.choice(split(OUT[kind])[half])
        asked = fill(random, wording, half)
        messages, _ = chats.make(random.choice(["unanswerable", "unanswerable", "sources", "none"]), lambda _: asked)
        return {"kind": kind, "messages": messages, "parts": [(WORDING, True)], "expect": {"answer": WORDING}}
    if kind == "near":
        # Words of the three fields in questions that are none of their business: the sources decide.
        asked = fill(random, random.choice(split(NEAR)[half]), half)
        messages, evidence = chats.make("unanswerable", lambda _: asked)
    else:
        messages, evidence = chats.make(kind)
    answer = NO_SOURCE if kind == "none" else chats.named(evidence)
    taught = kind == "none"
    expect = {"answer": NO_SOURCE if kind == "none" else chats.cited(evidence)}
    return {"kind": kind, "messages": messages, "parts": [(answer, taught)], "expect": expect, "labels": evidence.labels}


def fill(random, wording, half):
    for name, values in THINGS.items():
        while "{" + name + "}" in wording:
            wording = wording.replace("{" + name + "}", random.choice(split(values)[half]), 1)
    return wording


def split(wordings):
    """Wordings to learn from, wordings held out: one in four."""
    return [w for i, w in enumerate(wordings) if i % 4 != 3], [w for i, w in enumerate(wordings) if i % 4 == 3]
