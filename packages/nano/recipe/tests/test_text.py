import json
import random
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

from lib import corpus, facts, wordpiece
from lib.encoder import Encoder, EncoderShape, save_onnx
from lib.pairs import Pairs, cut, padded
from lib.parts import join, split
from lib.store import fact_sections, prepare
from text.sections import sections_of

PAGE = """<html><head><title>Manual</title></head><body><nav><p>Click here to see the whole of the menu.</p></nav>
<h2>4.1. Opening the gate</h2><p>The gate opens with the <code>open</code> command, e.g. from a terminal window. It closes by itself!</p>
<pre>open --now the gate and wait for it to be open.</pre><div class="para">Nobody may stand in the gate while it is moving.</div></body></html>"""


class SectionsTest(unittest.TestCase):
    def test_takes_prose_under_its_heading_and_leaves_menus_and_code(self):
        self.assertEqual(
            list(sections_of(PAGE)),
            [("Opening the gate", [
                "The gate opens with the open command, e.g. from a terminal window.",
                "Nobody may stand in the gate while it is moving.",
            ])],
        )  # fmt: skip


class CorpusTest(unittest.TestCase):
    def test_leaves_out_what_is_under_no_open_licence(self):
        headings = ["A", "37signals Employee Handbook", "Insurance", "📘 Sourcegraph handbook", "B"]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "text.jsonl"
            rows = [json.dumps({"h": heading, "s": ["It stands here in one sentence."]}) for heading in headings]
            file.write_text("\n".join(rows), encoding="utf-8")
            kept = [section.heading for section in corpus.read_sections(file)]
        self.assertEqual(kept, ["A", "📘 Sourcegraph handbook", "B"])


class PartsTest(unittest.TestCase):
    def test_joins_what_it_split_and_refuses_other_parts(self):
        with tempfile.TemporaryDirectory() as folder:
            whole, parts, again = (Path(folder) / name for name in ("whole", "parts", "again"))
            whole.write_bytes(np.random.default_rng(0).bytes((2 << 20) + 5))
            split(whole, parts, 1)
            join(parts, again)
            self.assertEqual(again.read_bytes(), whole.read_bytes())
            self.assertEqual(len(list(parts.glob("part-*"))), 3)
            (parts / "part-001").write_bytes(b"other")
            with self.assertRaisesRegex(SystemExit, "do not make the file"):
                join(parts, again)
            (parts / "part-001").unlink()
            with self.assertRaisesRegex(SystemExit, "lacks part-001"):
                join(parts, again)


class PairsTest(unittest.TestCase):
    def test_a_question_stands_with_its_own_passage_and_another_one(self):
        sections = fact_sections(facts.sections(80, 2))
        tokenizer = wordpiece.WordPiece(wordpiece.learn((" ".join(s.sentences) for s in sections), 900))
        with tempfile.TemporaryDirectory() as folder:
            store = prepare(folder, sections, tokenizer, questions_each=1, workers=1)
            pairs = Pairs(store)
            for seed in range(20):
                query, gold, place, near = pairs.example(random.Random(seed))
                self.assertTrue(query and gold)
                self.assertNotIn(place, near)
            queries, passages, owners = pairs.contrast(0, 0, 6)
            self.assertEqual((len(queries), len(passages), len(owners)), (6, 12, 12))
            self.assertTrue((owners[:6] != owners[6:]).all())
            self.assertEqual(pairs.lists(0, 0, 3, 4, 2, 3).shape[:2], (3, 4))

    def test_padding_is_cut_where_nobody_needs_it(self):
        self.assertEqual(cut(padded([[1, 2], [3]], 64)).shape, (2, 16))


class EncoderTest(unittest.TestCase):
    def test_padding_changes_nothing_and_rounding_little(self):
        model = Encoder(EncoderShape(100, width=32, blocks=2, heads=2, feed_forward=48)).initialise(0).eval()
        ids = torch.randint(1, 100, (2, 9))
        with torch.no_grad():
            alone = model.embed(ids)
            wide = model.embed(torch.cat((ids, torch.zeros(2, 5, dtype=torch.long)), 1))
            torch.testing.assert_close(alone, wide, atol=1e-5, rtol=1e-4)
            self.assertGreater((alone * model.rounded().embed(ids)).sum(-1).min().item(), 0.999)

    def test_writes_a_file_a_quarter_of_its_weights(self):
        model = Encoder(EncoderShape(4000, width=64, blocks=1, heads=1, feed_forward=96)).initialise(0)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "m.onnx"
            save_onnx(model, path)
            weights = sum(weight.numel() for weight in model.parameters())
            self.assertLess(path.stat().st_size, 2.2 * weights)


class WordPieceTest(unittest.TestCase):
    def test_cuts_words_into_known_pieces_and_single_digits(self):
        made = wordpiece.WordPiece(wordpiece.learn(["The openers open the opening, opened in 2024."] * 10, 140))
        ids = made.encode("Opening 2024 \u00e0 la carte")
        self.assertEqual(ids, made.encode("opening 2024 a la carte"))
        self.assertIn(made.ids["2"], ids)
        self.assertEqual(made.encode("\u4e2d"), [wordpiece.UNKNOWN])


if __name__ == "__main__":
    unittest.main()
