import type { PassagePlace } from "@advisor/contracts";
import { wellFormed } from "../extract/well-formed.ts";
import type { Block, Span } from "./blocks.ts";

/** Size a chunk aims at, in the embedder's tokens, found by measurement (see docs/retrieval.md). */
export const TARGET_CHUNK_TOKENS = 120;
/** Size no chunk exceeds, if the embedder can see that far: a table or code block up to this size stays whole. */
export const MAX_CHUNK_TOKENS = 240;
/** Most tokens that title and headings may take before a chunk's own text, so that they never crowd it out. */
export const MAX_CONTEXT_TOKENS = 64;
/** A block boundary this near to the aim is a better end than a sentence inside the next block. */
const EARLY_END = 0.6;

/** Longest stretch that is cut further by its tokens, in characters: many times a chunk, and little to count. */
const MAX_UNIT_LENGTH = 4_096;
/** Characters whose tokens are counted in one step. */
const MAX_COUNTED_LENGTH = 16_384;
/** A piece of a long sentence that fills so much of a chunk is long enough. */
const ENOUGH_FILLED = 0.6;

/** A chunk before it has an id. `text.slice(start, end)` is its text. */
export interface ChunkSpan extends Span {
  readonly headings: readonly string[];
  readonly place: PassagePlace | undefined;
  /** Title and heading path, cut to {@link MAX_CONTEXT_TOKENS}: stands before the text where it is embedded and indexed. */
  readonly context: string;
}

export interface ChunkSettings {
  readonly title: string;
  /** Longest input of the embedder, in its tokens. */
  readonly maxTokens: number;
  readonly countTokens: (texts: readonly string[]) => readonly number[];
}

/** What of a chunk is embedded, and counted: its title and heading path, and its text. */
export function textOf(context: string, text: string): string {
  return `${context}\n${text}`;
}

interface Unit extends Span {
  readonly tokens: number;
  /** Index of its block, to see where one ends. */
  readonly block: number;
  /** Tokens of its whole table or code block; 0 in prose. */
  readonly whole: number;
}

interface Section {
  readonly headings: readonly string[];
  readonly place: PassagePlace | undefined;
  readonly blocks: readonly Block[];
}

/**
 * Cuts a document into chunks. A chunk lies in one section, so its heading path and place hold for all of it. Chunks of a section
 * are of about equal size; they begin and end with a sentence, a table row or a line of code. Tables and code blocks stay
 * whole where they fit. A sentence is cut only when it alone exceeds the limit, and then at white space if there is any.
 * Gives undefined where nothing is ready yet: a step takes milliseconds, however long the document.
 */
export function* chunkSteps(
  text: string,
  blocks: readonly Block[],
  settings: ChunkSettings,
): Generator<ChunkSpan | undefined> {
  for (const section of sections(blocks)) {
    const context = contextOf(settings, section.headings);
    const contextTokens = count(settings, textOf(context, ""));
    const max = Math.max(1, Math.min(MAX_CHUNK_TOKENS, settings.maxTokens - contextTokens));
    const units = yield* unitsOf(text, section.blocks, settings, max);
    const limit = Math.min(settings.maxTokens, max + contextTokens);
    const fits = ({ start, end }: Span) => count(settings, textOf(context, text.slice(start, end))) <= limit;
    for (const run of group(units, Math.min(TARGET_CHUNK_TOKENS, max), max)) {
      for (const span of fit(text, run, fits)) {
        yield { ...span, headings: section.headings, place: section.place, context };
      }
    }
  }
}

/** Text between two headings (or places, or breaks). A heading with nothing under it is a section of its own words. */
function sections(blocks: readonly Block[]): Section[] {
  const found: Section[] = [];
  let path: { depth: number; title: string }[] = [];
  let current: Block[] = [];
  let place: PassagePlace | undefined;
  let bare: (Extract<Block, { kind: "heading" }> & Pick<Section, "place">) | undefined;

  const titles = () => path.map((heading) => heading.title).filter((title) => title !== "");
  const close = () => {
    if (current.length > 0) found.push({ headings: titles(), place, blocks: current });
    current = [];
  };
  const closeBare = (nextDepth: number) => {
    if (bare && nextDepth <= bare.depth && bare.end > bare.start) {
      const units = [{ start: bare.start, end: bare.end }];
      found.push({ headings: titles(), place: bare.place, blocks: [{ kind: "prose", units }] });
    }
    bare = undefined;
  };
  for (const block of blocks) {
    if (block.kind === "heading") {
      close();
      closeBare(block.depth);
      path = [
        ...path.filter((heading) => heading.depth < block.depth),
        { depth: block.depth, title: block.title },
      ];
      bare = { ...block, place };
    } else if (block.kind === "break") close();
    else if (block.kind === "place") {
      close();
      place = block.place;
    } else {
      bare = undefined;
      current.push(block);
    }
  }
  close();
  closeBare(0);
  return found;
}

/** Title and headings, one a line; the outer headings give way first when they are too long. */
function contextOf(settings: ChunkSettings, headings: readonly string[]): string {
  const parts = [
    settings.title,
    ...headings.filter((heading, i) => !(i === 0 && heading === settings.title)),
  ];
  const limit = Math.min(MAX_CONTEXT_TOKENS, Math.floor(settings.maxTokens / 2));
  while (parts.length > 2 && count(settings, parts.join("\n")) > limit) parts.splice(1, 1);
  let context = parts.join("\n");
  while (context !== "" && count(settings, context) > limit)
    context = context.slice(0, Math.floor(context.length / 2));
  return wellFormed(context);
}

function* unitsOf(
  text: string,
  blocks: readonly Block[],
  settings: ChunkSettings,
  max: number,
): Generator<undefined, Unit[]> {
  const spans: { span: Span; block: number }[] = [];
  for (const [index, block] of blocks.entries()) {
    if (!("units" in block)) continue;
    for (const unit of block.units)
      for (const span of bounded(text, unit)) spans.push({ span, block: index });
  }
  const counts: number[] = [];
  for (let from = 0; from < spans.length; ) {
    let to = from;
    for (let length = 0; to < spans.length && length < MAX_COUNTED_LENGTH; to++) {
      const { start, end } = (spans[to] as (typeof spans)[number]).span;
      length += end - start;
    }
    counts.push(
      ...settings.countTokens(spans.slice(from, to).map(({ span }) => text.slice(span.start, span.end))),
    );
    from = to;
    yield undefined;
  }
  const wholes = new Map<number, number>();
  for (const [i, { block }] of spans.entries()) {
    if (blocks[block]?.kind !== "prose") wholes.set(block, (wholes.get(block) ?? 0) + (counts[i] ?? 0));
  }
  const units: Unit[] = [];
  for (const [i, { span, block }] of spans.entries()) {
    const tokens = counts[i] ?? 0;
    const whole = wholes.get(block) ?? 0;
    if (tokens <= max) units.push({ ...span, tokens, block, whole });
    else {
      for (const piece of cutLong(text, span, settings, max)) units.push({ ...piece, block, whole });
      yield undefined;
    }
  }
  return units;
}

/** A unit in pieces that a tokenizer takes in one go: some need time that grows with the square of an unspaced run. */
function* bounded(text: string, unit: Span): Generator<Span> {
  let start = unit.start;
  while (unit.end - start > MAX_UNIT_LENGTH) {
    const end = cutBefore(text, start, start + MAX_UNIT_LENGTH);
    yield { start, end };
    start = end;
    while (start < unit.end && text.charAt(start).trim() === "") start++;
  }
  if (start < unit.end) yield { start, end: unit.end };
}

/** Cuts a single sentence that exceeds the limit, at white space where there is any. */
function cutLong(
  text: string,
  span: Span,
  settings: ChunkSettings,
  max: number,
): (Span & { tokens: number })[] {
  const pieces: (Span & { tokens: number })[] = [];
  let start = span.start;
  // Text of one kind has about as many characters in each piece, so that few counts find the next one.
  let length = max * 4;
  while (start < span.end) {
    let end = Math.min(span.end, start + length);
    let tokens = count(settings, text.slice(start, end));
    while (tokens < max * ENOUGH_FILLED && end < span.end && length < MAX_UNIT_LENGTH) {
      length = Math.min(MAX_UNIT_LENGTH, length * 2);
      end = Math.min(span.end, start + length);
      tokens = count(settings, text.slice(start, end));
    }
    const shorten = () => {
      while (tokens > max && end > start + 1) {
        const shorter = cutBefore(
          text,
          start,
          start + Math.max(1, Math.floor(((end - start) * max) / (tokens + 1))),
        );
        // A single sign may have more tokens than there is room for.
        if (shorter >= end) return;
        end = shorter;
        tokens = count(settings, text.slice(start, end));
      }
    };
    shorten();
    if (end < span.end) {
      const before = end;
      end = cutBefore(text, start, end);
      if (end !== before) tokens = count(settings, text.slice(start, end));
      shorten();
    }
    pieces.push({ start, end, tokens });
    length = Math.max(16, Math.ceil((end - start) * 1.1));
    start = end;
    while (start < span.end && text.charAt(start).trim() === "") start++;
  }
  return pieces;
}

/** The last white space before `end`, else `end` itself moved off the middle of a surrogate pair. */
function cutBefore(text: string, start: number, end: number): number {
  for (let at = end; at > start + (end - start) / 2; at--) {
    if (text.charAt(at).trim() === "" && text.charAt(at - 1).trim() !== "") return at;
  }
  const splitsPair = /[\ud800-\udbff]/.test(text.charAt(end - 1)) && /[\udc00-\udfff]/.test(text.charAt(end));
  if (!splitsPair) return end;
  return end - 1 > start ? end - 1 : end + 1;
}

/** Runs of units of about equal size, near the target and within the limit. */
function group(units: readonly Unit[], target: number, max: number): Unit[][] {
  const total = units.reduce((sum, unit) => sum + unit.tokens, 0);
  const aim = total / Math.max(1, Math.round(total / target));
  const runs: Unit[][] = [];
  let run: Unit[] = [];
  let size = 0;
  const close = () => {
    if (run.length > 0) runs.push(run);
    run = [];
    size = 0;
  };
  for (const unit of units) {
    const previous = run.at(-1);
    if (previous) {
      const boundary = previous.block !== unit.block;
      // What has to fit: the whole table or code block when it can, else the unit alone.
      const next = boundary && unit.whole > 0 && unit.whole <= max ? unit.whole : unit.tokens;
      const insideWhole = !boundary && unit.whole > 0 && unit.whole <= max;
      const full = size + next > max;
      const enough = insideWhole
        ? false
        : boundary
          ? size >= aim * EARLY_END && size + next > aim
          : size + next / 2 > aim;
      if (full || enough) close();
    }
    run.push(unit);
    size += unit.tokens;
  }
  close();
  return runs;
}

/**
 * The span of a run, halved until it fits. It is counted as it will be embedded: what its units take says little of it, as
 * tokenizers join and part text at seams as they please, and spend up to four tokens on a sign between two units.
 */
function fit(text: string, run: readonly Unit[], fits: (span: Span) => boolean): Span[] {
  const first = run[0];
  const last = run.at(-1);
  if (!first || !last) return [];
  const span = { start: first.start, end: last.end };
  if (run.length === 1) return fitUnit(text, span, fits);
  if (fits(span)) return [span];
  const middle = Math.ceil(run.length / 2);
  return [...fit(text, run.slice(0, middle), fits), ...fit(text, run.slice(middle), fits)];
}

/** The same of a single unit, which fits unless it has more tokens behind its context than alone. */
function fitUnit(text: string, { start, end }: Span, fits: (span: Span) => boolean): Span[] {
  const at = cutBefore(text, start, start + Math.ceil((end - start) / 2));
  if (at >= end || fits({ start, end })) return [{ start, end }];
  let next = at;
  while (next < end && text.charAt(next).trim() === "") next++;
  const rest = next < end ? fitUnit(text, { start: next, end }, fits) : [];
  return [...fitUnit(text, { start, end: at }, fits), ...rest];
}

function count(settings: ChunkSettings, text: string): number {
  return settings.countTokens([text])[0] ?? 0;
}
