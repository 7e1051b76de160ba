"""How readily the model refuses, set after training on chats from sections that it did not learn from.

Refusing too much and too little are two kinds of wrong, and the loss weighs them by how many rows of each there are. So one
weight that the wiring knows, how loud the refusal's first word is before votes are counted against it, is set by a rule:
as loud as it can be while it drowns no more than a given share of the answers.
"""

import numpy as np
import torch
import torch.nn.functional as F

from base.wiring import REFUSING
from lib.rows import DECIDING

# Half of what may be: of questions unlike its own it refuses several times as many (README.md).
FALSE_REFUSALS = 0.05
STEPS = 10
# Below zero it speaks against what the other weights learned.
LOUDEST = 12.0


class Judged:
    """Rows as far as the loudness of refusing does not matter, and so read only once."""

    @torch.no_grad()
    def __init__(self, model, batch, refusal):
        self.model, self.refusal, self.rows = model, refusal, []
        block, neuron = REFUSING
        refusing = model.blk[block]
        for tokens, kinds in zip(*batch):
            (places,) = np.nonzero(kinds[1:] == DECIDING)
            if len(places) == 0:
                continue
            ids = torch.from_numpy(tokens[None, : places[-1] + 1].astype(np.int64))
            turns = model.cos[: ids.shape[1]], model.sin[: ids.shape[1]]
            x = model.token_embd(ids)
            for earlier in model.blk[:block]:
                x = earlier(x, *turns)
            x = refusing.after_attention(x, *turns)
            h = refusing.ffn_norm(x)
            gate, up = (F.linear(h, part.weight[neuron]) for part in (refusing.ffn_gate, refusing.ffn_up))
            wanted = torch.from_numpy(tokens[places + 1] == refusal)
            self.rows.append((refusing.after_feed_forward(x), F.silu(gate) * up, turns, torch.from_numpy(places), wanted))

    @torch.no_grad()
    def count(self, written):
        """`written`: what the neuron adds more than it does -> share of answers refused, what is said without sources among
        them; share of unanswerable questions refused."""
        found = {True: [], False: []}
        for x, height, turns, places, wanted in self.rows:
            x = x + height[..., None] * written
            for later in self.model.blk[REFUSING[0] + 1 :]:
                x = later(x, *turns)
            logits = F.linear(self.model.output_norm(x)[0, places], self.model.token_embd.weight)
            for refused, meant in zip(logits.argmax(-1) == self.refusal, wanted):
                found[bool(meant)].append(bool(refused))
        return tuple(float(np.mean(found[meant])) if found[meant] else 0.0 for meant in (False, True))


@torch.no_grad()
def settle_refusals(model, batch, refusal, most=FALSE_REFUSALS):
    """Changes the model -> its two shares, as `Judged.count` gives them. `batch`: rows from held-out sections."""
    block, neuron = REFUSING
    column = model.blk[block].ffn_down.weight[:, neuron]
    trained, judged = column.clone(), Judged(model, batch, refusal)
    low, high = -LOUDEST, LOUDEST
    for _ in range(STEPS):
        middle = (low + high) / 2
        if judged.count((middle - 1) * trained)[0] > most:
            high = middle
        else:
            low = middle
    column.copy_(low * trained)
    return judged.count((low - 1) * trained)
