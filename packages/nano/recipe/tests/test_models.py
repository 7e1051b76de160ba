import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

from lib import fused, gguf
from lib.llama import Llama, Shape
from lib.tokenizer import CHAT_TEMPLATE, Tokenizer, count_parts, learn

TEXT = ["The gate opens at 24 degrees.", "The gates open in the morning, users.", "A user opens the gate (twice)."] * 3


def tokenizer(size=420):
    return Tokenizer(learn(count_parts(TEXT), size))


class TokenizerTest(unittest.TestCase):
    def test_gives_the_text_back_and_never_reads_a_mark_in_it(self):
        made = tokenizer()
        for text in [*TEXT, "a\nb", "  two  spaces ", "<|im_end|>"]:
            self.assertEqual(made.decode(made.encode(text)), text)
        self.assertNotIn(made.end, made.encode("<|im_end|>"))

    def test_writes_unknown_letters_as_bytes(self):
        made = tokenizer()
        ids = made.encode("\u00e9")
        self.assertEqual([made.pieces[i] for i in ids], ["<0xC3>", "<0xA9>"])

    def test_is_the_same_each_time_and_as_large_as_asked(self):
        first, second = learn(count_parts(TEXT), 420), learn(count_parts(TEXT), 420)
        self.assertEqual(first, second)
        self.assertEqual(len(set(first["tokenizer.ggml.tokens"])), len(first["tokenizer.ggml.tokens"]))

    def test_keeps_digits_and_signs_apart_from_words(self):
        for piece in tokenizer().pieces[262:]:
            digits, signs = any(c.isdigit() for c in piece), any(c in ".,()" for c in piece)
            self.assertFalse((digits and len(piece) > 1) or (signs and any(c.isalpha() for c in piece)), piece)

    def test_refuses_a_vocabulary_without_room(self):
        with self.assertRaises(SystemExit):
            learn(count_parts(TEXT), 200)


class GgufTest(unittest.TestCase):
    def test_comes_back_as_written_within_the_rounding_of_its_kind(self):
        array = np.random.default_rng(0).normal(size=(8, 64)).astype(np.float32)
        metadata = {"a.text": "x", "a.number": 7, "a.part": 0.5, "a.flag": False, "a.list": ["p", "q"]}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "m.gguf"
            tensors = [(name, array, kind) for name, kind in (("f", gguf.F32), ("h", gguf.F16), ("q", gguf.Q8_0))]
            gguf.write_gguf(path, metadata, tensors)
            read, found = gguf.read_gguf(path)
            self.assertEqual(read, metadata)
            np.testing.assert_array_equal(found["f"], array)
            np.testing.assert_allclose(found["h"], array, atol=2e-3)
            np.testing.assert_allclose(found["q"], array, atol=np.abs(array).max() / 127)
            gguf.write_gguf(path, metadata, [("q", found["q"], gguf.Q8_0)])
            np.testing.assert_allclose(gguf.read_gguf(path)[1]["q"], found["q"], atol=1e-6)


class LlamaTest(unittest.TestCase):
    def make(self):
        made = tokenizer()
        return made, Llama(Shape(len(made), width=32, blocks=2, heads=2, feed_forward=64)).initialise(0)

    def test_reads_no_later_token(self):
        _, model = self.make()
        ids = torch.randint(0, 300, (1, 12))
        changed = ids.clone()
        changed[0, 8:] = 7
        torch.testing.assert_close(model(ids)[:, :8], model(changed)[:, :8])

    def test_comes_back_from_its_gguf(self):
        made, model = self.make()
        ids = torch.tensor([made.encode(TEXT[0])])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "m.gguf"
            model.save(path, "m", made, CHAT_TEMPLATE, gguf.F32)
            metadata, tensors = gguf.read_gguf(path)
            again = Llama(Shape.read(metadata)).load(tensors)
            torch.testing.assert_close(again(ids), model(ids), atol=1e-5, rtol=1e-4)
            self.assertEqual(Tokenizer(metadata).encode(TEXT[0]), made.encode(TEXT[0]))

    def test_is_the_base_until_an_adapter_learns_and_again_when_it_is_off(self):
        made, model = self.make()
        ids = torch.tensor([made.encode(TEXT[1])])
        before = model(ids).detach()
        matrices = model.adapt(2, 4.0)
        torch.testing.assert_close(model(ids), before)
        with torch.no_grad():
            for matrix in matrices:
                matrix += 0.1
        self.assertGreater((model(ids) - before).abs().max().item(), 1e-3)
        model.switch_adapter(False)
        torch.testing.assert_close(model(ids), before)


@unittest.skipIf(fused.kernels() is None, "no C compiler")
class FusedTest(unittest.TestCase):
    def test_gives_the_results_and_gradients_of_pytorch(self):
        torch.manual_seed(0)
        # Heads of 32 and of 64; a length that the kernels take (128), and one that they leave to PyTorch (50).
        for width, heads, length in ((64, 2, 128), (128, 2, 96), (64, 2, 50)):
            plain = Llama(Shape(vocabulary=90, width=width, blocks=2, heads=heads, feed_forward=96)).initialise(1)
            mine = Llama(plain.shape).initialise(1).fuse()
            self.assertTrue(all(block.fused and block.attn_norm.fused for block in mine.blk))
            ids = torch.randint(0, 90, (3, length))
            weights = torch.randn(3, length, 90)
            results = [model(ids) for model in (plain, mine)]
            torch.testing.assert_close(results[1], results[0], rtol=1e-4, atol=1e-5)
            for model, result in zip((plain, mine), results):
                (result * weights).sum().backward()
            for (name, one), two in zip(plain.named_parameters(), mine.parameters()):
                torch.testing.assert_close(two.grad, one.grad, rtol=1e-3, atol=1e-4, msg=name)
