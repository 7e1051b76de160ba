import { candidatePairs, jaccard, type ShingleSet, shinglesOf } from "./minhash.ts";
import { type Finding, type Page, type PageChunk, placeIn } from "./page.ts";

/** Share of common shingles from which two texts count as the same. */
export const NEAR_DUPLICATE_JACCARD = 0.8;
/** Shorter texts say little, and repeat by right: a greeting, a footer. In shingles, so some 24 words. */
const MIN_SHINGLES = 20;

/**
 * Texts of different pages that are nearly the same: whole pages first, then chunks of pages that are not. Each pair is
 * reported once. Pairs are proposed by MinHash and then measured exactly.
 */
export function checkNearDuplicates(pages: readonly Page[], chunks: readonly PageChunk[]): Finding[] {
  const byId = new Map(pages.map((page) => [page.documentId, page]));
  const wholes = pages.map((page) => shinglesOf(body(page.text)));
  const same = new Set<string>();
  const findings: Finding[] = [];
  for (const { a, b, similarity } of similar(wholes, () => true)) {
    const first = pages[a] as Page;
    const second = pages[b] as Page;
    same.add(pairKey(first.documentId, second.documentId));
    findings.push({
      check: "near-duplicate",
      severity: "note",
      ...placeIn(first),
      other: placeIn(second),
      message: `The whole page is ${percent(similarity)} the same as ${second.uri}`,
      nextStep: "Keep one of them, or let one point to the other",
    });
  }
  const known = chunks.filter(({ documentId }) => byId.has(documentId));
  const pageOf = (chunk: PageChunk) => byId.get(chunk.documentId) as Page;
  const sets = known.map((chunk) => shinglesOf(pageOf(chunk).text.slice(chunk.start, chunk.end)));
  const documentOf = (index: number) => (known[index] as PageChunk).documentId;
  const pairs = similar(
    sets,
    (a, b) => documentOf(a) !== documentOf(b) && !same.has(pairKey(documentOf(a), documentOf(b))),
  );
  for (const { a, b, similarity } of pairs) {
    const first = known[a] as PageChunk;
    const second = known[b] as PageChunk;
    findings.push({
      check: "near-duplicate",
      severity: "note",
      ...placeIn(pageOf(first), first),
      other: placeIn(pageOf(second), second),
      message: `The passage is ${percent(similarity)} the same as one of ${pageOf(second).uri}`,
      nextStep: "Say it in one place and point there, so that the two cannot drift apart",
    });
  }
  return findings;
}

function similar(sets: readonly ShingleSet[], comparable: (a: number, b: number) => boolean) {
  const found: { a: number; b: number; similarity: number }[] = [];
  for (const [a, b] of candidatePairs(sets, MIN_SHINGLES)) {
    if (!comparable(a, b)) continue;
    const similarity = jaccard(sets[a] as ShingleSet, sets[b] as ShingleSet);
    if (similarity >= NEAR_DUPLICATE_JACCARD) found.push({ a, b, similarity });
  }
  return found;
}

function pairKey(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

/** Without the front matter, which differs where the pages are the same. */
function body(text: string): string {
  return text.replace(/^\ufeff?---[ \t]*\r?\n[\s\S]*?\n---[ \t]*(?:\r?\n|$)/, "");
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
