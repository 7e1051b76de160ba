// Documents of any number, always the same: sentences of real text in which words were changed, so that the vocabulary
// grows as in natural text (Heaps' law) and word frequencies stay Zipf's.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Made-up words, by Zipf's law: the first is the most frequent. */
const VOCABULARY = 200_000;
/** Share of a sentence's long words that are changed. */
const CHANGED = 0.3;
const ONSETS = [
  "b",
  "br",
  "c",
  "ch",
  "d",
  "dr",
  "f",
  "g",
  "gr",
  "h",
  "k",
  "l",
  "m",
  "n",
  "p",
  "pl",
  "r",
  "s",
  "st",
  "t",
  "tr",
  "v",
  "w",
  "z",
];
const NUCLEI = ["a", "e", "i", "o", "u", "ai", "ea", "io", "ou"];
const CODAS = ["", "", "l", "m", "n", "r", "s", "nd", "rt", "x"];

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The word of this rank, three syllables or four; a code now and then, as manuals have them. */
function wordOf(rank) {
  if (rank % 97 === 96) return `${ONSETS[rank % 24].toUpperCase()}-${1000 + (rank % 9000)}`;
  let left = rank;
  let word = "";
  for (let syllable = 0; syllable < 3 || left > 0; syllable++) {
    word += ONSETS[left % 24] + NUCLEI[(left >> 2) % 9] + (syllable > 1 ? CODAS[left % 10] : "");
    left = Math.floor(left / 24);
  }
  return word;
}

/** Sections of real text: those of ../shared/corpus when it is there, else those of the sample handbook. */
export function readSections() {
  const shared = process.env.ADVISOR_SHARED ?? join(root, "..", "shared");
  const file = join(shared, "corpus", "natural.jsonl.gz");
  if (existsSync(file)) {
    const lines = gunzipSync(readFileSync(file)).toString("utf8").split("\n").filter(Boolean);
    return {
      from: "shared/corpus",
      sections: lines.map((line) => {
        const { h, s } = JSON.parse(line);
        return { heading: h, sentences: s };
      }),
    };
  }
  const folder = join(root, "examples", "handbook");
  const pages = readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith(".md"));
  const sections = pages.sort().flatMap((page) =>
    readFileSync(join(folder, String(page)), "utf8")
      .split(/^#+ /m)
      .slice(1)
      .map((part) => {
        const [heading, ...rest] = part.split("\n");
        return {
          heading,
          sentences:
            rest
              .join(" ")
              .match(/[^.!?]+[.!?]+/g)
              ?.map((s) => s.trim()) ?? [],
        };
      }),
  );
  return { from: "examples/handbook", sections: sections.filter(({ sentences }) => sentences.length > 0) };
}

/** Gives the document of a number: Markdown of some 9,000 characters in sections, the same for the same seed. */
export function corpus({ seed = 1, sectionsPerDocument = 12, sentencesPerSection = 7 } = {}) {
  const { from, sections } = readSections();
  const sentences = sections
    .flatMap((section) => section.sentences)
    .filter((s) => s.length < 400 && !/[`|<>]/.test(s));
  const headings = sections
    .map(({ heading }) =>
      heading
        .replace(/[^\p{L}\p{N} ,'-]/gu, " ")
        .trim()
        .slice(0, 80),
    )
    .filter(Boolean);
  const document = (number) => {
    const random = randomFrom(seed * 1_000_003 + number);
    const pick = (list) => list[Math.floor(random() * list.length)];
    // Zipf with exponent 1: the inverse of its cumulative sum is an exponential.
    const word = () => wordOf(Math.floor(VOCABULARY ** random()));
    const changed = (sentence) =>
      sentence.replace(/\p{L}{5,}/gu, (match) => (random() < CHANGED ? word() : match));
    const parts = [`# ${changed(pick(headings))} ${number}\n`];
    for (let s = 0; s < sectionsPerDocument; s++) {
      parts.push(`\n## ${changed(pick(headings))}\n\n`);
      for (let i = 0; i < sentencesPerSection; i++)
        parts.push(changed(pick(sentences)), i % 4 === 3 ? "\n\n" : " ");
    }
    return parts.join("");
  };
  /** Chunks of a page, at about 450 characters each. */
  const chunksOf = (text) => Math.ceil(text.length / 450);
  return { from, document, sentences, chunksOf };
}
