// Makes 200 questions about identifiers and the pages to search, from a seed and a set of wordings.
//
// For each question there is one page that answers it, five pages of the same wording whose identifier is a near miss (a
// digit more, two swapped, a suffix, a prefix, a separator less), and two pages that mention the identifier among others
// but say nothing of it. The identifier stands in prose, in a table, in code, broken over two lines, or with the hyphens
// that word processors write.
import { WORDINGS } from "./identifier-wordings.mjs";

const KINDS = ["error", "product", "flag", "name", "version"];
const PLACES = ["prose", "table", "code", "line break", "odd hyphen"];
const NEAR_MISSES = 5;
const RIVALS = 2;

/** `{ documents: [{ uri, text }], questions: [{ question, uri, identifier, kind, place }] }` */
export function makeIdentifierSet({ seed, wording, count = 200 }) {
  const random = createRandom(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const { nouns, facts, kinds, rivals } = WORDINGS[wording];
  const taken = new Set();
  const documents = [];
  const questions = [];
  const others = [];
  const fresh = (make) => {
    for (;;) {
      const id = make();
      if (id && !taken.has(id.toLowerCase())) {
        taken.add(id.toLowerCase());
        return id;
      }
    }
  };
  for (let i = 0; i < count; i++) {
    const kind = KINDS[i % KINDS.length];
    const place = PLACES[Math.floor(i / KINDS.length) % PLACES.length];
    const identifier = fresh(() => MAKERS[kind](random, pick));
    const [ask, tell] = pick(kinds[kind]);
    const noun = pick(nouns);
    const say = (id, fact) => tell.replaceAll("ID", id).replaceAll("NOUN", noun).replaceAll("FACT", fact);
    const uri = `page-${i}.md`;
    documents.push({ uri, text: page(identifier, say, place, pick(facts), random, pick) });
    for (let miss = 0; miss < NEAR_MISSES; miss++) {
      const near = fresh(() => nearMiss(identifier, kind, random, pick));
      documents.push({
        uri: `near-${i}-${miss}.md`,
        text: page(near, say, place, pick(facts), random, pick),
      });
    }
    others.push(identifier);
    for (let rival = 0; rival < RIVALS; rival++) {
      const company = Array.from({ length: 4 }, () => pick(others)).filter((id) => id !== identifier);
      const list = [...new Set([...company, identifier])].sort(() => random() - 0.5).join(", ");
      documents.push({ uri: `rival-${i}-${rival}.md`, text: `${pick(rivals).replace("IDS", list)}\n` });
    }
    const question = ask.replaceAll("ID", asTyped(identifier, random, pick)).replaceAll("NOUN", noun);
    questions.push({ question, uri, identifier, kind, place });
  }
  return { documents, questions };
}

const MAKERS = {
  error: (random, pick) =>
    pick([
      () => `E-${digits(random, 4)}`,
      () => `ERR-${digits(random, 3)}`,
      () => `0x8007${digits(random, 4)}`,
      () => `ORA-${digits(random, 5)}`,
      () => `${pick(["F", "W", "C"])}${digits(random, 3)}`,
    ])(),
  product: (random, pick) =>
    pick([
      () => `${letters(random, 2)}-${digits(random, 4)}-${letters(random, 1)}`,
      () => `${letters(random, 3)}${digits(random, 3)}`,
      () => `${digits(random, 2)}-${digits(random, 4)}-${digits(random, 2)}`,
      () => `${letters(random, 1)}${digits(random, 2)}/${digits(random, 3)}`,
    ])(),
  flag: (_random, pick) =>
    pick([
      () => `--${pick(VERBS)}-${pick(THINGS)}`,
      () => `--${pick(VERBS)}-${pick(THINGS)}-${pick(THINGS)}`,
      () => `--no-${pick(THINGS)}-${pick(THINGS)}`,
    ])(),
  name: (_random, pick) =>
    pick([
      () => `${pick(VERBS)}_${pick(THINGS)}_${pick(THINGS)}`,
      () => `${pick(THINGS)}_${pick(VERBS)}`.toUpperCase(),
      () => `${pick(VERBS)}${capital(pick(THINGS))}${capital(pick(THINGS))}`,
      () => `${pick(THINGS)}.${pick(THINGS)}.${pick(VERBS)}`,
    ])(),
  version: (random, pick) =>
    pick([
      () => `v${digit(random)}.${digits(random, 2)}.${digit(random)}`,
      () => `${digits(random, 2)}.${digit(random)}.${digits(random, 2)}`,
      () => `${digit(random)}.${digit(random)}.${digit(random)}-rc.${digit(random)}`,
    ])(),
};

const VERBS = [
  "retry",
  "flush",
  "skip",
  "keep",
  "merge",
  "poll",
  "trace",
  "limit",
  "purge",
  "mount",
  "verify",
  "drain",
];
const THINGS = [
  "cache",
  "queue",
  "timeout",
  "token",
  "port",
  "region",
  "buffer",
  "batch",
  "depth",
  "owner",
  "window",
  "lease",
  "index",
  "quota",
];

/** An identifier that a careless reader, or a stemmer, takes for the other. */
function nearMiss(id, kind, random, pick) {
  const number = [...id.matchAll(/\d+/g)].at(-1);
  const ways = [
    () =>
      number
        ? splice(id, number.index + Math.floor(random() * number[0].length), 1, digit(random))
        : undefined,
    () =>
      number && number[0].length > 1 ? splice(id, number.index, 2, number[0][1] + number[0][0]) : undefined,
    () => (number ? splice(id, number.index + number[0].length, 0, digit(random)) : undefined),
    () =>
      kind === "version"
        ? `${id}.${digit(random)}`
        : `${id}${/_/.test(id) ? "_" : /\./.test(id) ? "." : "-"}${/\d/.test(id) ? pick(["A", "B", "X", "2"]) : pick(THINGS)}`,
    () =>
      kind === "flag"
        ? `--${pick(VERBS)}${id.slice(1)}`
        : kind === "name"
          ? `${pick(VERBS)}${/_/.test(id) ? "_" : "."}${id}`
          : `${letters(random, 1)}${id}`,
    () =>
      /[-_./]/.test(id.slice(2)) && kind !== "version"
        ? id.slice(0, 2) + id.slice(2).replace(/[-_./]/, "")
        : undefined,
    () => (/[a-z]{4}$/i.test(id) ? `${id}s` : undefined),
    () => (/[a-z]{4}$/i.test(id) ? id.replace(/[a-z]+$/i, pick(THINGS)) : undefined),
  ];
  const near = pick(ways)();
  // To most people a version with a v before it is the same version.
  return near?.toLowerCase() === `v${id}` ? undefined : near;
}

/** A page of some paragraphs, the identifier's sentence among them. */
function page(id, say, place, fact, random, pick) {
  const filler = () => pick(FILLER);
  const parts = [`# Notes ${Math.floor(random() * 1e6)}`, filler()];
  const sentence = say(id, fact);
  if (place === "prose") parts.push(sentence);
  else if (place === "table") {
    const [before, after] = splitAt(sentence, id);
    parts.push(
      `| Item | Note | Checked |\n| --- | --- | --- |\n| ${id} | ${`${before}this${after}`.trim()} | yes |`,
    );
  } else if (place === "code") {
    parts.push(
      `${sentence.replace(id, "This one")}\n\n\`\`\`sh\n# ${pick(["example", "see below", "as used on site"])}\nrun ${id}; echo done\n\`\`\``,
    );
  } else if (place === "line break") parts.push(brokenOverLines(sentence, id));
  else parts.push(sentence.replaceAll(id, oddHyphens(id, pick)));
  parts.push(filler());
  return `${parts.join("\n\n")}\n`;
}

const FILLER = [
  "This page is kept by the works office. Ask there when something is missing.",
  "Last checked together with the other pages of this binder.",
  "Wear gloves and glasses at all times.",
  "Photographs are in the appendix. Drawings can be asked for by post.",
  "The training course in autumn covers all of this in more depth.",
];

/** Breaks a line inside the identifier, as a formatter of fixed width does: after a hyphen, underscore, dot or slash. */
function brokenOverLines(sentence, id) {
  const at = Math.max(...["-", "_", ".", "/"].map((sign) => id.lastIndexOf(sign)));
  const inner = at > 1 && at < id.length - 1 ? at + 1 : undefined;
  if (inner === undefined) return sentence.replace(` ${id} `, `\n${id}\n`);
  return sentence.replaceAll(id, `${id.slice(0, inner)}\n${id.slice(inner)}`);
}

function oddHyphens(id, pick) {
  const inside = id.slice(2).replaceAll("-", pick(["\u2011", "\u2010", "\u2013", "\u2212"]));
  return (
    id.slice(0, 2).replace(/(?<=\w)-/, "\u2011") +
    (inside.length > 3 ? `${inside.slice(0, 2)}${pick(["", "\u00ad"])}${inside.slice(2)}` : inside)
  );
}

/** As people type it in a sentence: mostly as it is, now and then in lower case, quoted, or with a copied hyphen. */
function asTyped(id, random, pick) {
  const chance = random();
  if (chance < 0.15) return id.toLowerCase();
  if (chance < 0.3) return pick([`"${id}"`, `\`${id}\``, `“${id}”`]);
  if (chance < 0.4) return id.replaceAll(/(?<=\w)-/g, "\u2011");
  return id;
}

function splitAt(text, id) {
  const at = text.indexOf(id);
  return [text.slice(0, at), text.slice(at + id.length)];
}

const splice = (text, at, length, instead) => text.slice(0, at) + instead + text.slice(at + length);
const digit = (random) => String(Math.floor(random() * 10));
const digits = (random, length) => Array.from({ length }, () => digit(random)).join("");
const letters = (random, length) =>
  Array.from({ length }, () => "ABCDEFGHKLMNPRSTUVWX"[Math.floor(random() * 20)]).join("");
const capital = (word) => word[0].toUpperCase() + word.slice(1);

/** Mulberry32: the same numbers for the same seed. */
function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
