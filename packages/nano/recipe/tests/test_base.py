import unittest
from types import SimpleNamespace

import torch
import torch.nn.functional as F

from base.plan import VOCABULARY, shape_named, stored_as
from base.train import Objective

LABELS, REFUSAL = [3, 4, 5], 7


def objective(labels=()):
    device = SimpleNamespace(kind="cpu", compile=lambda function: function)
    return Objective(SimpleNamespace(hidden=None, token_embd=torch.nn.Embedding(9, 4)), device, labels)


class ObjectiveTest(unittest.TestCase):
    def setUp(self):
        self.logits = torch.randn(4, 9, generator=torch.Generator().manual_seed(0))

    def test_is_cross_entropy_where_the_choice_among_labels_is_learned(self):
        targets = torch.tensor([3, 5, REFUSAL, 0])
        torch.testing.assert_close(objective().losses(self.logits, targets), F.cross_entropy(self.logits, targets, reduction="none"))

    def test_else_asks_only_whether_the_likeliest_label_beats_all_other_words(self):
        losses = objective(LABELS).losses
        first, *others = (losses(self.logits, torch.full((4,), label)) for label in LABELS)
        for other in others:
            torch.testing.assert_close(first, other)
        likeliest = self.logits[:, LABELS].amax(-1, keepdim=True)
        kept = [token for token in range(9) if token not in LABELS]
        two = torch.cat([likeliest, self.logits[:, kept]], 1)
        torch.testing.assert_close(first, F.cross_entropy(two, torch.zeros(4).long(), reduction="none"))
        refused = F.cross_entropy(two, torch.full((4,), 1 + kept.index(REFUSAL)), reduction="none")
        torch.testing.assert_close(losses(self.logits, torch.full((4,), REFUSAL)), refused)


class StoredTest(unittest.TestCase):
    def test_takes_sixteen_bits_where_the_file_stays_under_its_limit(self):
        stored = {name: stored_as(shape_named(name, size)) for name, size in VOCABULARY.items()}
        self.assertEqual(stored, {"full": "q8_0", "small": "f16", "smoke": "f16"})


if __name__ == "__main__":
    unittest.main()
