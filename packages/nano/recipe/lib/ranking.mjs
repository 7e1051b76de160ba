// Evaluation sets for search, and how well a ranking finds what is relevant.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "./llama-cpp.mjs";

const shared = process.env.ADVISOR_SHARED ?? join(packageFolder, "../../..", "shared");

const readLines = (path) =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line));

/** `{ passages: [{ id, text }], questions: [{ question, relevant: Set }] }`, or undefined where the set is not at hand. */
export function readRankingSet(name) {
  const folder = join(shared, "eval", name);
  if (!existsSync(join(folder, "passages.jsonl"))) return undefined;
  const passages = readLines(join(folder, "passages.jsonl")).map(({ id, title, text }) => ({
    id: String(id),
    text: text.startsWith(title) ? text : `${title}: ${text}`,
  }));
  if (existsSync(join(folder, "questions.jsonl"))) {
    const questions = readLines(join(folder, "questions.jsonl"));
    return {
      passages,
      questions: questions.map(({ question, passage }) => ({
        question,
        relevant: new Set([String(passage)]),
      })),
    };
  }
  const questions = readLines(join(folder, "queries.jsonl")).map(({ question, relevance }) => ({
    question,
    relevant: new Set(Object.keys(relevance).filter((id) => relevance[id] > 0)),
  }));
  return { passages, questions: questions.filter(({ relevant }) => relevant.size > 0) };
}

const round = (value) => Math.round(1000 * value) / 1000;

/** Mean R@1, R@5 (a relevant one among the first) and nDCG@10 with binary relevance over rankings of ids. */
export function scoreRankings(rankings) {
  const sums = { "R@1": 0, "R@5": 0, "nDCG@10": 0 };
  for (const { ids, relevant } of rankings) {
    sums["R@1"] += Number(relevant.has(ids[0]));
    sums["R@5"] += Number(ids.slice(0, 5).some((id) => relevant.has(id)));
    const gain = (n) => 1 / Math.log2(n + 2);
    const found = ids.slice(0, 10).reduce((sum, id, n) => sum + (relevant.has(id) ? gain(n) : 0), 0);
    const ideal = Array.from({ length: Math.min(10, relevant.size) }, (_, n) => gain(n)).reduce(
      (a, b) => a + b,
      0,
    );
    sums["nDCG@10"] += found / ideal;
  }
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, round(sum / rankings.length)]));
}

const WORD = /[\p{L}\p{N}]+/gu;
const words = (text) => (text.toLowerCase().match(WORD) ?? []).map((word) => word.replace(/(?<=.{3})s$/, ""));

/** BM25 with k1 1.2 and b 0.75 (Robertson and Zaragoza 2009) -> ids by falling score, those that share a word alone. */
export function createBm25(passages) {
  const counts = passages.map(({ text }) => {
    const found = new Map();
    for (const word of words(text)) found.set(word, (found.get(word) ?? 0) + 1);
    return found;
  });
  const lengths = counts.map((found) => [...found.values()].reduce((a, b) => a + b, 0));
  const average = lengths.reduce((a, b) => a + b, 0) / lengths.length;
  const documents = new Map();
  for (const found of counts)
    for (const word of found.keys()) documents.set(word, (documents.get(word) ?? 0) + 1);
  return (query) => {
    const wanted = [...new Set(words(query))].filter((word) => documents.has(word));
    const scored = counts.map((found, index) => {
      let score = 0;
      for (const word of wanted) {
        const tf = found.get(word) ?? 0;
        const df = documents.get(word);
        const idf = Math.log(1 + (passages.length - df + 0.5) / (df + 0.5));
        score += (idf * tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * lengths[index]) / average));
      }
      return { id: passages[index].id, score };
    });
    return scored
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .map(({ id }) => id);
  };
}
