import json
import random
import tempfile
import unittest
from functools import partial

import numpy as np

from base.plan import CURRICULUM, LANGUAGE, WEIGHTS
from base.train import LAYOUT as BASE_LAYOUT
from lib import facts
from lib.corpus import Section, check_written
from lib.feed import Feed, make_batch
from lib.rows import ANSWER, DECIDING, Rows
from lib.store import fact_sections, prepare
from lib.tokenizer import END, NEWLINE, START, Tokenizer, count_parts, learn

LAYOUT = json.loads(BASE_LAYOUT.read_text())


class RowsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        sections = fact_sections(facts.sections(120, 1))
        for i in range(60):
            lines = [f"The {word} number {i} stands in hall {i + n}." for n, word in enumerate(("lamp", "chair", "desk"))]
            sections.append(Section(f"Hall {i}", lines, i % 6 == 0, "text"))
        cls.sections = sections
        texts = [" ".join(section.sentences) for section in sections]
        cls.tokenizer = Tokenizer(learn(count_parts(texts), 600))
        cls.folder = tempfile.TemporaryDirectory()
        cls.store = prepare(cls.folder.name, sections, cls.tokenizer, questions_each=1, workers=1)
        cls.rows = Rows(cls.store, cls.tokenizer, LAYOUT)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_every_kind_fills_its_row_and_counts_something(self):
        for kind in ("text", "dense", "chat"):
            stage = CURRICULUM[-1]
            stage = type(stage)(1.0, {kind: 1}, passages=(1, 2))
            for seed in range(6):
                ids, codes = self.rows.build(random.Random(seed), stage, 512)
                self.assertEqual((len(ids), len(codes)), (513, 513), kind)
                self.assertLess(int(ids.max()), len(self.tokenizer))
                self.assertGreater(sum(WEIGHTS[int(code)] for code in codes), 0, kind)

    def test_says_everything_once_where_it_is_written(self):
        said = [self.tokenizer.decode(row.tolist()) for row in self.rows.said(512)]
        self.assertEqual(len(said), len(self.rows.sayings))
        for text, saying in zip(said, self.rows.sayings):
            self.assertIn("<|im_start|>assistant\n" + self.tokenizer.decode(saying) + "<|im_end|>", text)
        self.assertTrue(LAYOUT["refusal"] in said[0] and len(set(said)) == len(said))

    def test_a_row_reads_as_the_prompt_that_the_product_lays_out(self):
        stage = type(CURRICULUM[-1])(1.0, {"dense": 1}, passages=(2, 2), unanswerable=0.0, injected=0.0)
        ids, codes = self.rows.build(random.Random(1), stage, 700)
        ids = ids.tolist()
        end = ids.index(END, ids.index(END) + 1)  # of the user's first turn
        answer_end = ids.index(END, end + 1)
        prompt, answer = ids[: end + 1], self.tokenizer.decode(ids[end + 3 : answer_end])
        text = self.tokenizer.decode(prompt)
        self.assertIn("<|im_start|>system\n" + LAYOUT["system"], text)
        self.assertIn("\n\nQuestion: ", text)
        user = text.split("<|im_start|>user\n")[1].split("<|im_end|>")[0]
        again = self.tokenizer.chat([{"role": "system", "content": LAYOUT["system"]}, {"role": "user", "content": user}])
        self.assertEqual(again[: len(prompt)], prompt)
        said = answer.split("assistant\n")[1] if "assistant\n" in answer else answer
        self.assertEqual(len(said), 1)
        self.assertIn(f"\n{said}\n", user)
        self.assertIn(DECIDING, codes[end:answer_end])

    def test_some_answers_stand_after_a_line_in_other_words(self):
        stage = type(CURRICULUM[-1])(1.0, {"chat": 1}, passages=(1, 1), unanswerable=0.0, opened=1.0, turns=(2,))
        ids, codes = self.rows.build(random.Random(3), stage, 500)
        answers = self.tokenizer.decode(ids.tolist()).split("<|im_start|>assistant\n")[1:]
        openings = {self.tokenizer.decode(line) for line in self.rows.openings}
        for answer in answers:
            opening, said = answer.split("<|im_end|>")[0].split("\n")
            self.assertIn(opening, openings)
            self.assertTrue(len(said) == 1 or said == LAYOUT["refusal"], said)
        self.assertEqual(sum(codes == DECIDING), len(answers))

    def test_questions_without_an_answer_are_those_written_for_their_passage(self):
        asked = 0
        for place in range(self.store.sections):
            for i in range(self.store.missings_at[place], self.store.missings_at[place + 1]):
                self.assertEqual(self.store.missing_section[i], place)
                self.assertIn(self.tokenizer.decode(self.store.item("missing", i)).strip(), self.sections[place].unanswerable)
                asked += 1
        self.assertGreater(asked, 50)

    def test_what_decides_lies_within_what_is_answered(self):
        stage = CURRICULUM[1]
        for seed in range(8):
            ids, codes = self.rows.build(random.Random(seed), stage, 512)
            for at in np.flatnonzero(codes >= ANSWER):
                self.assertNotEqual(int(ids[at]), START)

    def test_the_same_step_gives_the_same_batch_whoever_makes_it(self):
        make = partial(make_batch, self.rows, LANGUAGE, 5, batch=2, length=256)
        alone = make(3, 3 / 10)
        feed = Feed(make, 2, workers=2, steps=10)
        try:
            feed.next(0.2)
            made = feed.next(0.3)
        finally:
            feed.close()
        np.testing.assert_array_equal(made[0], alone[0])

    def test_no_row_reads_a_section_that_is_held_out(self):
        held = {int(i) for i in np.flatnonzero(self.store.held)}
        self.assertTrue(held)
        for name, pool in self.rows.pools.items():
            self.assertFalse(held & set(pool.tolist()), name)
        for question in range(len(self.store.near)):
            place = self.store.sentence_section[self.store.question_sentence[question]]
            if place not in held:
                self.assertFalse(held & set(self.store.near[question].tolist()))


class WrittenTest(unittest.TestCase):
    ROW = {
        "id": "a", "title": "T", "kind": "policy", "licence": "Apache-2.0", "sentences": ["One is here.", "Two is there."],
        "questions": [{"q": "Where is two?", "sentence": 1, "answer": "there"}], "unanswerable": [],
    }  # fmt: skip

    def test_takes_a_good_row_and_names_what_is_wrong_with_others(self):
        self.assertIsNone(check_written(self.ROW))
        wrong = {
            "does not stand": {"questions": [{"q": "Where is two?", "sentence": 0, "answer": "there"}]},
            "not there": {"questions": [{"q": "Where is two?", "sentence": 2, "answer": "there"}]},
            "at least two": {"sentences": ["One is here."]},
            "fields": {"extra": 1},
        }
        for words, change in wrong.items():
            self.assertRegex(check_written({**self.ROW, **change}), words)
