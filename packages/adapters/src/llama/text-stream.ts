import type { LlamaModel, Token } from "./runtime.ts";

/** Tokens kept before the ones in hand: some vocabularies write a space that depends on what stood before. */
const CONTEXT_TOKENS = 4;
/** The window is cut back when it is this long, so that a step costs the same at any length. */
const WINDOW_TOKENS = 24;
/** A character takes at most four bytes, so at most four tokens of one byte each. */
const MAX_CHARACTER_TOKENS = 4;
const REPLACEMENT = "\uFFFD";

/** Turns tokens into text as they come, whole characters only. */
export interface TextStream {
  /** The text that this token completes; empty in the middle of a character. */
  push(token: Token): string;
  /** What is left of an unfinished character. */
  flush(): string;
}

export function createTextStream(model: LlamaModel, before: readonly Token[]): TextStream {
  let window: Token[] = before.slice(-CONTEXT_TOKENS);
  let written = model.detokenize(window, false);
  let pending = 0;

  function take(text: string): string {
    // A detokeniser that rewrites what stood before would make pieces that do not add up to the text.
    const added = text.startsWith(written)
      ? text.slice(written.length)
      : model.detokenize(window.slice(window.length - pending), false);
    pending = 0;
    written = text;
    if (cutBack()) written = model.detokenize(window, false);
    return added;
  }

  /** Whether the window was too long. */
  function cutBack(): boolean {
    if (window.length <= WINDOW_TOKENS) return false;
    window = window.slice(-CONTEXT_TOKENS);
    return true;
  }

  return {
    push(token) {
      window.push(token);
      pending++;
      const text = model.detokenize(window, false);
      if (!text.endsWith(REPLACEMENT)) return take(text);
      if (pending < MAX_CHARACTER_TOKENS) return "";
      // A text may hold the replacement character itself, and what comes after it be unfinished.
      const added = text.startsWith(written) ? text.slice(written.length, -1) : "";
      if (added === "") return take(text);
      written += added;
      pending = 1;
      if (cutBack()) written = model.detokenize(window, false).slice(0, -1);
      return added;
    },
    flush() {
      return pending === 0 ? "" : take(model.detokenize(window, false));
    },
  };
}

/** Cuts a text before the first stop string, and holds back what may become one. */
export interface StopFilter {
  push(text: string): { readonly text: string; readonly stopped: boolean };
  flush(): string;
}

export function createStopFilter(stop: readonly string[]): StopFilter {
  let held = "";
  return {
    push(text) {
      if (stop.length === 0) return { text, stopped: false };
      held += text;
      const cuts = stop.map((each) => held.indexOf(each)).filter((at) => at >= 0);
      if (cuts.length > 0) {
        const before = held.slice(0, Math.min(...cuts));
        held = "";
        return { text: before, stopped: true };
      }
      const keep = Math.max(...stop.map((each) => sharedLength(held, each)));
      const free = held.slice(0, held.length - keep);
      held = held.slice(held.length - keep);
      return { text: free, stopped: false };
    },
    flush() {
      const rest = held;
      held = "";
      return rest;
    },
  };
}

/** Length of the longest end of `text` that starts `stop`, short of all of it. */
function sharedLength(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
