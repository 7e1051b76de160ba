import type { LlamaModel, Token } from "../llama/runtime.ts";
import type { PromptPart, RenderedPrompt } from "./chat-template.ts";
import { isMark, type SpecialToken } from "./special-tokens.ts";

/** Text between marks: template text and contents joined, with the ranges that are content. */
interface TextRun {
  text: string;
  /** Offsets of content in `text`, ascending and apart. */
  readonly content: { start: number; end: number }[];
}

type Run = Token | TextRun;

export interface TokenizedPrompt {
  readonly tokens: Token[];
  /** The text after the last mark, which a reply continues. */
  readonly tail: string;
  readonly tailTokens: number;
}

export interface PromptTokenizer {
  tokenize(prompt: RenderedPrompt): TokenizedPrompt;
  /** A reply's tokens as they follow that prompt. */
  tokenizeReply(prompt: TokenizedPrompt, reply: string): Token[];
  /** Marks that end a reply, beside the vocabulary's own. */
  readonly endTokens: ReadonlySet<Token>;
}

const isRun = (run: Run): run is TextRun => typeof run !== "number";

/** Joins the parts to one text, remembering what is content. */
function joinParts(parts: readonly PromptPart[]): TextRun {
  const run: TextRun = { text: "", content: [] };
  for (const part of parts) {
    if (part.type === "content") {
      run.content.push({ start: run.text.length, end: run.text.length + part.text.length });
    }
    run.text += part.text;
  }
  return run;
}

function sliceRun({ text, content }: TextRun, start: number, end: number): TextRun {
  return {
    text: text.slice(start, end),
    content: content
      .filter((range) => range.end > start && range.start < end)
      .map((range) => ({
        start: Math.max(range.start, start) - start,
        end: Math.min(range.end, end) - start,
      })),
  };
}

/** Where `mark` first stands in template text alone, from `from`. */
function findInTemplate({ text, content }: TextRun, mark: string, from: number): number {
  let at = text.indexOf(mark, from);
  while (at >= 0) {
    const end = at + mark.length;
    const overlap = content.find((range) => range.start < end && range.end > at);
    if (!overlap) return at;
    at = text.indexOf(mark, Math.max(at + 1, overlap.end - mark.length + 1));
  }
  return -1;
}

/**
 * Splits a text at the marks that stand in its template parts, in llama.cpp's order: the longest mark first, over all
 * pieces. (`tokenizer_st_partition` in llama-vocab.cpp; here contents are left out of the search.)
 */
function partition(run: TextRun, marks: readonly SpecialToken[]): Run[] {
  let runs: Run[] = [run];
  for (const mark of marks) {
    if (!run.text.includes(mark.text)) continue;
    const next: Run[] = [];
    for (const piece of runs) {
      if (!isRun(piece)) {
        next.push(piece);
        continue;
      }
      let start = 0;
      for (;;) {
        const at = findInTemplate(piece, mark.text, start);
        if (at < 0) break;
        let left = at;
        if (mark.stripLeft) while (left > start && isSpace(piece.text, left - 1)) left--;
        if (left > start) next.push(sliceRun(piece, start, left));
        next.push(mark.id);
        start = at + mark.text.length;
        if (mark.stripRight) while (start < piece.text.length && isSpace(piece.text, start)) start++;
      }
      if (start < piece.text.length) next.push(sliceRun(piece, start, piece.text.length));
    }
    runs = next;
  }
  return runs;
}

const isSpace = (text: string, at: number) => /[ \t\n\v\f\r]/.test(text[at] as string);

/**
 * Tokenises prompts so that only the template's own marks become special tokens. Contents and the template's plain
 * text between two marks are tokenised as one text, so a prompt without marks in its contents gives the very tokens
 * that llama.cpp makes of the whole prompt.
 */
export function createPromptTokenizer(
  model: LlamaModel,
  marks: readonly SpecialToken[],
  options: { readonly afterReply: string; readonly templateText: string },
): PromptTokenizer {
  // llama.cpp finds user-defined tokens in any text. Those that the template uses as marks must not be found in
  // contents, so contents are cut inside them.
  const endTokens = new Set<Token>();
  const guarded = marks.filter(
    ({ id, text, userDefined }) =>
      userDefined && isMark(text) && (options.templateText.includes(text) || model.isEogToken(id)),
  );
  // The rest of the user-defined tokens are text, such as a line break, and are left to llama.cpp.
  const sought = marks.filter((mark) => !mark.userDefined || guarded.includes(mark));
  const [afterReply] = partition({ text: options.afterReply.trimStart(), content: [] }, sought);
  if (typeof afterReply === "number") endTokens.add(afterReply);

  function plain(run: TextRun): Token[] {
    const cuts = new Set<number>();
    for (const { text } of guarded) {
      for (let at = run.text.indexOf(text); at >= 0; at = run.text.indexOf(text, at + 1)) {
        if (run.content.some(({ start, end }) => start < at + text.length && end > at)) cuts.add(at + 1);
      }
    }
    if (cuts.size === 0) return model.tokenize(run.text, false);
    const tokens: Token[] = [];
    let start = 0;
    for (const cut of [...cuts].sort((a, b) => a - b)) {
      tokens.push(...model.tokenize(run.text.slice(start, cut), false));
      start = cut;
    }
    return tokens.concat(model.tokenize(run.text.slice(start), false));
  }

  return {
    endTokens,
    tokenize(prompt) {
      const runs = partition(joinParts(prompt.parts), sought);
      let tokens: Token[] = [];
      let tail = "";
      let tailTokens = 0;
      for (const run of runs) {
        if (isRun(run)) {
          const added = plain(run);
          tokens = tokens.concat(added);
          tail = run.text;
          tailTokens = added.length;
        } else {
          tokens.push(run);
          tail = "";
          tailTokens = 0;
        }
      }
      const { bos } = model.tokens;
      if (model.tokens.shouldPrependBosToken && bos !== null && tokens[0] !== bos) tokens.unshift(bos);
      return { tokens, tail, tailTokens };
    },
    tokenizeReply({ tokens, tail, tailTokens }, reply) {
      const start = tail.length;
      const whole = plain({ text: tail + reply, content: [{ start, end: start + reply.length }] });
      const before = tailTokens === 0 ? [] : tokens.slice(-tailTokens);
      if (before.every((token, index) => whole[index] === token)) return whole.slice(before.length);
      return plain({ text: reply, content: [{ start: 0, end: reply.length }] });
    },
  };
}
