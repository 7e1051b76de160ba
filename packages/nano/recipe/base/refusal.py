"""How readily the model refuses, set after training on chats from sections that it did not learn from.

Refusing too much and too little are two kinds of wrong, and the loss weighs them by how many rows of each there are. So one
weight that the wiring knows, how loud the refusal's first word is before votes are counted against it, is set by a rule:
as loud as it can be while it drowns no more than a given share of the answers.
"""

import numpy as np
import torch

from base.wiring import REFUSING
from lib.rows import DECIDING

FALSE_REFUSALS = 0.1
STEPS = 10
# Below zero it speaks against what the other weights learned.
LOUDEST = 12.0


@torch.no_grad()
def count_refusals(model, batch, refusal):
    """-> share of answers refused, what is said without sources among them; share of unanswerable questions refused."""
    ids, codes = batch
    found = {True: [], False: []}
    for tokens, kinds in zip(ids, codes):
        (places,) = np.nonzero(kinds[1:] == DECIDING)
        if len(places) == 0:
            continue
        row = torch.from_numpy(tokens[None, : places[-1] + 1].astype(np.int64))
        chosen = model.logits_at(row, torch.from_numpy(places)).argmax(-1).numpy()
        for token, wanted in zip(chosen, tokens[places + 1]):
            found[bool(wanted == refusal)].append(bool(token == refusal))
    return tuple(float(np.mean(found[answerable])) if found[answerable] else 0.0 for answerable in (False, True))


@torch.no_grad()
def settle_refusals(model, batch, refusal, most=FALSE_REFUSALS):
    """Changes the model -> its two shares. `batch`: rows from held-out sections."""
    block, neuron = REFUSING
    column = model.blk[block].ffn_down.weight[:, neuron]
    trained = column.clone()
    low, high = -LOUDEST, LOUDEST
    for _ in range(STEPS):
        middle = (low + high) / 2
        column.copy_(trained * middle)
        if count_refusals(model, batch, refusal)[0] > most:
            high = middle
        else:
            low = middle
    column.copy_(trained * low)
    return count_refusals(model, batch, refusal)
