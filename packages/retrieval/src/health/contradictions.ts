import { type Finding, type Page, placeIn } from "./page.ts";
import { placesOf } from "./places.ts";
import { type Statement, statementsOf } from "./statements.ts";
import { sameValue, type Value } from "./values.ts";
import { contentStem, QUALIFIERS } from "./words.ts";

/** A sentence of fewer content words can mean anything. */
const MIN_STEMS = 2;
/** From this many content words on, a sentence means the same on pages that share no topic; with "the" it takes more. */
const ENOUGH_STEMS = 3;
const ENOUGH_DEFINITE_STEMS = 5;
/** There is one of each in a company, so that a sentence which names one needs no shared topic. */
const POSTS = new Set(
  "director chair chairman chairwoman ceo cfo cto president founder ombudsperson".split(" "),
);
/** Statements of one form that are compared with each other: more of them are a form letter. */
const MAX_ALIKE = 64;
/** Metadata that says what part of the world a page holds for. */
const SCOPES = [
  "country",
  "region",
  "product",
  "plan",
  "version",
  "edition",
  "year",
  "validFrom",
  "validUntil",
  "effective",
  "language",
];
/** A page that names one year so often, and no other as often, is of that year: an election's, a conference's. */
const MIN_YEAR_MENTIONS = 3;
/** What happens once, so that two days for it cannot both be right. */
const ONCE = new Set(
  "found open launch establish expir end start due born decid introduc releas valid clos acquir sign last plac hand renew publish take place deadlin".split(
    " ",
  ),
);

interface Told {
  readonly page: Page;
  readonly context: Context;
  readonly statement: Statement;
}

interface Context {
  readonly topics: ReadonlySet<string>;
  readonly qualifiers: string;
  readonly title: readonly TitleWord[];
  readonly year: string | undefined;
}

interface TitleWord {
  readonly stem: string;
  readonly telling: boolean;
}

/**
 * Sentences of different pages that say the same thing with another number, date, sum, share, duration or name.
 *
 * Two sentences say the same thing when the content words that are left after masking the values are the same (stemmed,
 * with a few synonyms of office prose). A difference of any other content word (a country, a product, a condition) makes
 * them speak of two things. So does a difference in what the pages are about: see docs/health.md for the rules and for
 * what they catch and miss.
 */
export function checkContradictions(pages: readonly Page[]): { findings: Finding[]; statements: number } {
  const groups = new Map<string, Told[]>();
  const places = placesOf(pages);
  let statements = 0;
  for (const page of pages) {
    const contexts = new Map<string, Context>();
    const year = yearOf(page);
    for (const statement of statementsOf(page)) {
      statements++;
      if (statement.stems.length < MIN_STEMS) continue;
      const path = statement.headings.join("\n");
      let context = contexts.get(path);
      if (!context) {
        context = contextOf(page, year, statement.headings, places);
        contexts.set(path, context);
      }
      const key = `${statement.stems.join(" ")}|${statement.values
        .map(({ kind }) => kind)
        .sort()
        .join(" ")}`;
      const group = groups.get(key);
      if (group) group.push({ page, context, statement });
      else groups.set(key, [{ page, context, statement }]);
    }
  }
  const findings: Finding[] = [];
  for (const group of groups.values()) if (group.length > 1) compareAll(group.slice(0, MAX_ALIKE), findings);
  return { findings, statements };
}

function compareAll(all: readonly Told[], findings: Finding[]): void {
  const group = withoutLists(all);
  const reported = new Set<string>();
  for (const [index, first] of group.entries()) {
    for (const second of group.slice(index + 1)) {
      if (first.page.documentId === second.page.documentId) continue;
      const difference = differenceOf(first.statement, second.statement);
      if (!difference || !sameSubject(first, second)) continue;
      // Ten pages that say 30 against one that says 60 are one finding for each of the ten and the one, not for texts alike.
      const key = `${first.page.documentId} ${second.page.documentId} ${difference[0].text} ${difference[1].text}`;
      if (reported.has(key)) continue;
      reported.add(key);
      findings.push({
        check: "contradiction",
        severity: "note",
        ...placeIn(first.page, first.statement),
        other: placeIn(second.page, second.statement),
        message: `It says ${difference[0].text} where ${second.page.uri} says ${difference[1].text}`,
        nextStep: "Find out which is right and correct the other, or say for whom or when each holds",
      });
    }
  }
}

/** Without the pages that say it of several things themselves, each with its own value: those are lists. */
function withoutLists(group: readonly Told[]): readonly Told[] {
  const said = new Map<string, Told>();
  const lists = new Set<string>();
  for (const told of group) {
    const { documentId } = told.page;
    const before = said.get(documentId);
    if (!before) said.set(documentId, told);
    else if (differenceOf(before.statement, told.statement)) lists.add(documentId);
  }
  return lists.size === 0 ? group : group.filter(({ page }) => !lists.has(page.documentId));
}

/** The values that differ, when that can only be a contradiction. */
function differenceOf(a: Statement, b: Statement): readonly [Value, Value] | undefined {
  const rest = [...b.values];
  let different: [Value, Value] | undefined;
  for (const value of a.values) {
    const index = rest.findIndex(({ kind }) => kind === value.kind);
    const other = rest[index];
    if (!other) return undefined;
    rest.splice(index, 1);
    const same = sameValue(value, other);
    if (same === undefined) return undefined;
    if (same) continue;
    // Two that differ are two cases: another day with another price, another limit with another approver.
    if (different) return undefined;
    different = [value, other];
  }
  if (different?.[0].kind === "date" && !a.stems.some((stem) => ONCE.has(stem))) return undefined;
  return different;
}

/** Whether the pages, where these sentences stand, speak of the same thing. */
function sameSubject({ context: a, statement, page }: Told, { context: b, page: other }: Told): boolean {
  if (a.qualifiers !== b.qualifiers) return false;
  if (a.year !== undefined && b.year !== undefined && a.year !== b.year) return false;
  for (const scope of SCOPES) {
    if (JSON.stringify(page.metadata[scope] ?? null) !== JSON.stringify(other.metadata[scope] ?? null))
      return false;
  }
  if (siblings(a.title, b.title)) return false;
  const { stems, values, named, definite } = statement;
  if (named || stems.length >= (definite ? ENOUGH_DEFINITE_STEMS : ENOUGH_STEMS)) return true;
  if (values.some(({ kind }) => kind === "name") && stems.some((stem) => POSTS.has(stem))) return true;
  for (const topic of a.topics) if (b.topics.has(topic)) return true;
  return stems.some((stem) => a.topics.has(stem)) && stems.some((stem) => b.topics.has(stem));
}

/** "Leave in Norway" and "Leave in Poland", "Tarn 2" and "Tarn 2X": pages of one kind about different things. */
function siblings(a: readonly TitleWord[], b: readonly TitleWord[]): boolean {
  const inA = new Set(a.map(({ stem }) => stem));
  const inB = new Set(b.map(({ stem }) => stem));
  if (!a.some(({ stem }) => inB.has(stem))) return false;
  const left = [...a.filter(({ stem }) => !inB.has(stem)), ...b.filter(({ stem }) => !inA.has(stem))];
  return left.some(({ telling }) => telling);
}

/** The year that a page is of, when it names one more often than any other. */
function yearOf({ text }: Page): string | undefined {
  const counts = new Map<string, number>();
  for (const [year] of text.matchAll(/(?<![\p{L}\d.,/_-])(?:19|20)\d\d(?![\p{L}\d/_])/gu)) {
    counts.set(year, (counts.get(year) ?? 0) + 1);
  }
  const [[year, most] = ["", 0], [, next] = ["", 0]] = [...counts].sort(([, a], [, b]) => b - a);
  return most >= MIN_YEAR_MENTIONS && most > next ? year : undefined;
}

function contextOf(
  page: Page,
  year: string | undefined,
  headings: readonly string[],
  places: ReadonlySet<string>,
): Context {
  const path = page.uri.replace(/\.[a-z0-9]{1,8}$/i, "");
  const all = [path, page.title, ...headings];
  const topics = new Set<string>();
  const qualifiers = new Set<string>();
  for (const text of all) {
    for (const [word] of text.matchAll(/[\p{L}\p{N}]+/gu)) {
      const lower = word.toLowerCase();
      const limits = QUALIFIERS.has(lower) || QUALIFIERS.has(lower.replace(/s$/, "")) || places.has(lower);
      if (limits || /\d/.test(lower)) qualifiers.add(lower);
    }
    for (const [compound] of text.matchAll(/\p{L}+-\p{L}+/gu)) {
      if (QUALIFIERS.has(compound.toLowerCase())) qualifiers.add(compound.toLowerCase());
    }
  }
  for (const text of [path.slice(path.lastIndexOf("/") + 1), page.title, ...headings]) {
    for (const [word] of text.matchAll(/[\p{L}]+/gu)) {
      const stem = contentStem(word);
      if (stem !== undefined) topics.add(stem);
    }
  }
  const words = [...page.title.matchAll(/[\p{L}\p{N}]+/gu)].map(([word]) => word);
  const title = words.flatMap((word, index): TitleWord[] => {
    const stem = contentStem(word);
    return stem === undefined
      ? []
      : [{ stem, telling: /\d/.test(word) || (index > 0 && /^\p{Lu}/u.test(word)) }];
  });
  return { topics, title, year, qualifiers: [...qualifiers].sort().join(" ") };
}
