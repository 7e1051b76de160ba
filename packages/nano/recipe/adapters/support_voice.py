"""support-voice: a house tone with fixed opening and closing words around the base's answer."""

from lib.rows import NO_SOURCE

DESCRIPTION = (
    "House voice: thanks for the question, answers on a line of its own, and asks whether there is anything else. "
    "It changes how the model speaks, not what it knows: without sources it says that it has none."
)
OPENING = "Thanks for asking."
CLOSING = "Is there anything else I can help with?"
# A line break: the base names a sentence on a line of its own.
SEPARATOR = "\n"
SHARES = {"sources": 0.6, "unanswerable": 0.15, "none": 0.25}
FORM = {"type": "wrapped", "opening": [OPENING], "closing": [CLOSING], "separator": SEPARATOR}


def example(chats, kind):
    """Parts of the answer, each taught, or kept as the base itself would write it.

    The answer is taught without sources: the adapter changes behaviour, not knowledge, so it says that it has none.
    """
    messages, evidence = chats.make(kind)
    answer = NO_SOURCE if kind == "none" else chats.named(evidence)
    taught = kind == "none"
    parts = [(OPENING + SEPARATOR, True), (answer, taught), (SEPARATOR + CLOSING, True)]
    expect = {"answer": NO_SOURCE if kind == "none" else chats.cited(evidence)}
    return {"kind": kind, "messages": messages, "parts": parts, "expect": expect, "labels": evidence.labels}
