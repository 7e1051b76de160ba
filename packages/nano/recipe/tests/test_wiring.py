import unittest
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import torch

from base.plan import shape_named
from base.refusal import Judged, settle_refusals
from base.registers import PLACES, REGISTERS, WIDTH
from base.wiring import GIST, keep_as_wired, kept_choice, kept_rates, successors, wire
from base.words import Words, is_joined, meanings, rarity, stem_of
from lib.llama import Llama, Shape, greedy
from lib.optimizer import Optimizer
from lib.rows import DECIDING
from lib.tokenizer import END, NEWLINE, Tokenizer, count_parts, learn

LINES = [
    "The gate of the castle opens in the morning.",
    "Our baker sells bread and small cakes.",
    "The old bridge was built by Roman soldiers.",
    "A heavy storm broke seven windows last winter.",
    "Tickets for the ferry are sold at the harbour.",
]
REFUSAL, SAYING = "No line says so.", "Good morning to you."
QUESTIONS = [
    "Which gate of the castle opens in the morning?",
    "What small cakes does our baker sell?",
    "Which Roman soldiers built the old bridge?",
    "How many windows broke in the heavy storm?",
]
TEXT = [*LINES, *QUESTIONS, REFUSAL, SAYING, "Question: who opens it?", "user", "assistant", "system", "Answer from the sources."] * 4




def chat(tokenizer, question, lines=LINES, answer=""):
    sources = "\n".join(f"{'abcdefgh'[i]}\n{line}" for i, line in enumerate(lines))
    user = f"[1] Travels: \n{sources}\n\nQuestion: {question}"
    messages = [{"role": "system", "content": "Answer from the sources."}, {"role": "user", "content": user}]
    return tokenizer.chat(messages) + tokenizer.encode(answer)


@lru_cache
def wired():
    """-> tokenizer, store, model: wired and never trained."""
    tokenizer = Tokenizer(learn(count_parts([" ".join(TEXT).replace("\n", " ")]), 640))
    sentences = [tokenizer.encode(line) for line in TEXT]
    at = np.cumsum([0, *map(len, sentences)])
    questions = np.concatenate([tokenizer.encode(f" {question}") for question in QUESTIONS])
    flat = np.concatenate(sentences).astype(np.uint16)
    store = SimpleNamespace(sentence=flat, sentence_at=at, learning_questions=lambda: questions)
    model = Llama(shape_named("small", len(tokenizer))).initialise(0)
    sample = [chat(tokenizer, "Who sells bread?", answer="b"), *(chat(tokenizer, "Who sleeps?", answer=said) for said in (REFUSAL, SAYING))]
    length = max(map(len, sample))
    sample = [row + [END] * (length - len(row)) for row in sample]
    wire(model, tokenizer, store, torch.tensor(sample), [tokenizer.encode(REFUSAL), tokenizer.encode(SAYING)])
    return tokenizer, store, model


class WiringTest(unittest.TestCase):
    def setUp(self):
        self.tokenizer, self.store, self.model = wired()

    def answer(self, question, lines=LINES):
        prompt = chat(self.tokenizer, question, lines)
        return self.tokenizer.decode(greedy(self.model, prompt, self.tokenizer.end, 64)["tokens"])

    def test_names_the_line_that_a_question_shares_words_with_before_it_has_learned_anything(self):
        for at, question in enumerate(QUESTIONS):
            self.assertEqual(self.answer(question), f"{'abcd'[at]}<|im_end|>")

    def scores(self, question, lines):
        """-> of each line how much louder than the others' mean its label is."""
        logits = self.model(torch.tensor([chat(self.tokenizer, question, lines)]))[0, -1]
        loud = logits[[self.tokenizer.encode(letter)[0] for letter in "abcdefgh"[: len(lines)]]]
        return (loud - loud.mean()).tolist()

    def test_counts_a_word_once_a_line(self):
        lines = ["A storm, a storm, a storm, and another storm broke windows.", "The harbour sells storm cakes.", LINES[0]]
        often, once, never = self.scores("Which storm?", lines)
        self.assertLess(abs(often - once), (once - never) / 3)

    def test_prefers_words_in_the_questions_order(self):
        lines = ["The bridge was built, and old tickets are sold.", "The old bridge was built.", LINES[0]]
        apart, together, _ = self.scores("Which old bridge?", lines)
        self.assertGreater(together, apart)

    def test_asks_by_the_last_question_alone(self):
        tokens = chat(self.tokenizer, QUESTIONS[0], answer="a") + [END, NEWLINE]
        tokens += self.tokenizer.chat([{"role": "user", "content": f"Question: {QUESTIONS[1]}"}])[1:]
        said = greedy(self.model, tokens, self.tokenizer.end, 2)["tokens"]
        self.assertEqual(self.tokenizer.decode(said[:1]), "b")

    def test_counts_all_words_of_a_question_alike(self):
        first, second = "gate of the castle", "bread and small cakes"
        forth, back = (self.scores(f"Which {one} or {other}?", LINES) for one, other in ((first, second), (second, first)))
        self.assertLess(abs(forth[0] - forth[1] - back[0] + back[1]), (forth[1] - forth[4]) / 4)

    def test_spells_a_saying_out_once_it_is_begun(self):
        for saying in (REFUSAL, SAYING):
            first, *rest = self.tokenizer.encode(saying)
            prompt = [*chat(self.tokenizer, QUESTIONS[0]), first]
            self.assertEqual(greedy(self.model, prompt, self.tokenizer.end, 20)["tokens"], [*rest, self.tokenizer.end])

    def test_gathers_what_the_last_question_is_about_for_all_of_the_answer(self):
        tokens = chat(self.tokenizer, "Where do purple zebras sleep well?", answer="a") + [END, NEWLINE]
        tokens += self.tokenizer.chat([{"role": "user", "content": f"Question: {QUESTIONS[0]}"}])[1:]
        tokens += self.tokenizer.encode("so it")
        table, places = self.model.token_embd.weight, [self.tokenizer.encode(f" {text}") for text in QUESTIONS]
        of = lambda ids: torch.cat([table[ids][:, PLACES[name]].mean(0) for name in ("meaning", "stem")])
        with torch.no_grad():
            x = self.model.token_embd(torch.tensor([tokens]))
            for block in self.model.blk[:3]:
                x = block(x, self.model.cos[: len(tokens)], self.model.sin[: len(tokens)])
            for at in (-1, -2):
                gist = torch.cat([x[0, at, PLACES[register]] for register in GIST])
                same, *others = (torch.cosine_similarity(gist, of(ids)[: len(gist)], 0) for ids in places)
                self.assertGreater(same, 0.8)
                self.assertGreater(same, max(others) + 0.2)

    def test_leaves_what_goes_on_in_two_ways_to_training(self):
        self.assertEqual(successors([[300, 301, 302], [303, 301, 304]]), {300: 301, 302: END, 303: 301, 304: END})

    def test_follows_the_line_where_it_moves(self):
        lines = [LINES[3], LINES[1], LINES[4], LINES[0]]
        self.assertEqual(self.answer(QUESTIONS[0], lines), f"d<|im_end|>")

    def test_keeps_what_it_stands_on_while_the_rest_learns(self):
        model = Llama(self.model.shape)
        model.load_state_dict(self.model.state_dict())
        rates = kept_rates(model, [self.tokenizer.encode(said) for said in (REFUSAL, SAYING)])
        optimizer = Optimizer(model, "adamw", rates=rates)
        model(torch.tensor([chat(self.tokenizer, "Who sells bread?")])).pow(2).mean().backward()
        optimizer.step(1e-2)
        after = dict(model.named_parameters())
        for name, before in self.model.named_parameters():
            rate = rates.get(name)
            if rate is not None:
                torch.testing.assert_close(after[name][rate == 0], before[rate == 0], atol=0, rtol=0)
        self.assertFalse(torch.equal(after["blk.5.attn_v.weight"], self.model.blk[5].attn_v.weight))

    def test_learns_only_behind_where_votes_are_counted_when_told_so(self):
        model = Llama(self.model.shape)
        model.load_state_dict(self.model.state_dict())
        keep_as_wired(model)
        optimizer = Optimizer(model, "adamw", rates=kept_rates(model, [self.tokenizer.encode(said) for said in (REFUSAL, SAYING)]))
        model(torch.tensor([chat(self.tokenizer, "Who sells bread?")])).pow(2).mean().backward()
        optimizer.step(1e-2)
        after = dict(model.named_parameters())
        changed = {name for name, before in self.model.named_parameters() if not torch.equal(before, after[name])}
        self.assertFalse([name for name in changed if name.startswith(("token_embd", "output_norm", "blk.0.", "blk.1.", "blk.2.", "blk.3."))])
        self.assertTrue({"blk.4.attn_v.weight", "blk.4.ffn_up.weight", "blk.5.attn_q.weight"} <= changed)

    def test_keeps_the_choice_among_labels_while_it_learns_to_refuse(self):
        model = Llama(self.model.shape)
        model.load_state_dict(self.model.state_dict())
        keep_as_wired(model)
        sayings = [self.tokenizer.encode(said) for said in (REFUSAL, SAYING)]
        labels = [self.tokenizer.encode(letter)[0] for letter in "abcdefgh"]
        kept = kept_choice(model, labels)
        optimizer = Optimizer(model, "adamw", rates=kept_rates(model, sayings, slow=0.0), without=kept)
        prompts = [torch.tensor([chat(self.tokenizer, question)]) for question in QUESTIONS]
        refusing = lambda scores: scores[sayings[0][0]] - scores[labels[:5]].max()
        before = [self.model(prompt)[0, -1].detach() for prompt in prompts]
        for _ in range(10):
            for prompt in prompts:
                # Were it free to, it would name the last line.
                scores = model(prompt)[0, -1]
                (-refusing(scores) - scores[labels[4]]).backward()
            optimizer.step(3e-3)
        for prompt, was in zip(prompts, before):
            scores = model(prompt)[0, -1].detach()
            self.assertGreater(refusing(scores), refusing(was) + 1)
            heard, heard_before = (row[labels[:5]] - row[labels[:5]].mean() for row in (scores, was))
            self.assertGreater(torch.cosine_similarity(heard, heard_before, 0), 0.98)

    def test_has_room_for_its_registers_and_rows_of_one_length(self):
        self.assertLessEqual(sum(REGISTERS.values()), WIDTH)
        self.assertEqual(PLACES["stem"].start, 0)
        lengths = np.diff(self.store.sentence_at)
        words = Words(np.random.default_rng(0), self.tokenizer, self.store.sentence.astype(np.int64), lengths, self.store.learning_questions())
        rows = np.linalg.norm(words.table, axis=1)
        np.testing.assert_allclose(rows, rows[NEWLINE], rtol=1e-6)

    def test_refuses_a_shape_or_sample_without_room(self):
        with self.assertRaises(SystemExit):
            wire(Llama(Shape(len(self.tokenizer), width=64, heads=1, blocks=2, feed_forward=64)), self.tokenizer, self.store, torch.zeros(1, 8).long(), [[300, 301]])
        with self.assertRaises(SystemExit):
            wire(Llama(self.model.shape), self.tokenizer, self.store, torch.zeros(1, 8).long(), [[300, 301]])


class RefusalTest(unittest.TestCase):
    def test_is_as_loud_as_leaves_most_answers_be(self):
        tokenizer, _, first = wired()
        model = Llama(first.shape)
        model.load_state_dict(first.state_dict())
        refusal = tokenizer.encode(REFUSAL)[0]
        ids, codes = [], []
        for question in [*QUESTIONS, "Where do purple zebras sleep?"]:
            prompt = chat(tokenizer, question)
            answer = refusal if "zebras" in question else tokenizer.encode("abcd"[QUESTIONS.index(question)])[0]
            ids.append(np.array([*prompt, answer] + [END] * (200 - len(prompt)), np.uint16))
            codes.append(np.zeros(201, np.uint8))
            codes[-1][len(prompt)] = DECIDING
        batch = np.stack(ids), np.stack(codes)
        false, right = settle_refusals(model, batch, refusal, most=0.0)
        self.assertEqual((false, right), (0.0, 1.0))
        settle_refusals(model, batch, refusal, most=1.0)
        self.assertEqual(Judged(model, batch, refusal).count(torch.zeros(WIDTH))[0], 1.0)
        for question in QUESTIONS:
            said = greedy(model, chat(tokenizer, question), tokenizer.end, 1)["tokens"]
            self.assertEqual(said, [refusal])


class WordsTest(unittest.TestCase):
    def test_knows_what_goes_on_with_a_word(self):
        joined = {piece: is_joined(piece) for piece in ("▁the", "The", "A", "ing", "7", "FC", "▁7", ".", "b")}
        self.assertEqual({piece for piece, is_it in joined.items() if is_it}, {"ing", "7", "FC", "b"})

    def test_takes_a_word_of_questions_for_common_though_no_text_has_it(self):
        stems = np.arange(6)
        rare = rarity(stems, np.array([0, 0, 0, 1, 2]), np.array([3, 3, 3, 4, 4]))
        self.assertEqual(rare[5], 1)
        self.assertLess(rare[3], rare[4])
        self.assertLess(rare[0], rare[1])
        np.testing.assert_allclose(rarity(stems, np.array([0, 0, 1]), np.array([], int)), rarity(stems, np.array([0, 0, 1])))


class MeaningsTest(unittest.TestCase):
    def test_puts_stems_that_keep_the_same_company_near_each_other(self):
        random = np.random.default_rng(0)
        # Stems 100 and 101 stand among 102..139, 140 and 141 among 142..179; stems 0..99 are everywhere.
        rows = []
        for _ in range(3000):
            first = random.choice([100, 140])
            rows.append([random.choice([first, first + 1]), *random.integers(first + 2, first + 40, 5), *random.integers(0, 100, 2)])
        found = meanings(np.concatenate(rows), np.array([len(row) for row in rows]), np.arange(180))
        self.assertGreater(found[100] @ found[101], found[100] @ found[140] + 0.3)


class StemTest(unittest.TestCase):
    def test_leaves_off_endings_of_words_alone(self):
        self.assertEqual({stem_of(word) for word in ("▁Open", "opens", "▁opened", "opening")}, {"open"})
        self.assertEqual(stem_of("▁is"), "is")
        self.assertEqual(stem_of("'s"), "'s")


if __name__ == "__main__":
    unittest.main()
