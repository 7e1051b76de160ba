import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { randomFrom } from "./generated-corpus.mjs";

/** What somebody who read both sentences made of a finding: whether both cannot be right. By the key of the finding. */
const verdicts = JSON.parse(readFileSync(new URL("./judged-contradictions.json", import.meta.url), "utf8"));

/** A random choice of findings, the same for a seed, each with a key that its two sentences alone decide. */
export function sampleOf(findings, size, seed) {
  const random = randomFrom(seed);
  return findings
    .map((finding) => ({ ...finding, key: keyOf(finding) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map((finding) => ({ finding, at: random() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, size)
    .map(({ finding }) => finding);
}

/** `true`, `false`, or undefined when nobody judged it. */
export function judged({ key }) {
  const verdict = verdicts[key];
  return verdict === undefined ? undefined : String(verdict);
}

function keyOf({ quote, other }) {
  const both = [quote, other.quote].map((text) => String(text).replace(/\s+/g, " ").trim()).sort();
  return createHash("sha256").update(both.join("\n")).digest("hex").slice(0, 12);
}
