import type { Answer, Citation, Verdict } from "@advisor/contracts";
import type { Locate } from "./locate.ts";
import { duration } from "./numbers.ts";
import { placeLine } from "./passages.ts";
import { printable, printableLine } from "./printable.ts";
import type { Style, Terminal } from "./terminal.ts";
import { createStreamWrapper, indent, wrap, wrapParts } from "./wrap.ts";

/** How a verdict is shown: a mark for a glance, and words, since a mark alone explains nothing. */
const VERDICTS: Record<Verdict, { readonly mark: string; readonly style: Style; readonly words: string }> = {
  verified: { mark: "✓", style: "green", words: "verified" },
  misattributed: { mark: "✗", style: "yellow", words: "misattributed: another source says it" },
  stitched: { mark: "✗", style: "yellow", words: "stitched: its parts do not stand together" },
  fabricated: { mark: "✗", style: "red", words: "fabricated: no source says it" },
};

/** The answer's text, as it is written where a person watches. */
export function createAnswerWriter(terminal: Terminal): {
  push(text: string): Promise<void>;
  end(): Promise<void>;
} {
  let written = "";
  const wrapper = createStreamWrapper(terminal.width, (text) => {
    written += text;
  });
  const flush = async () => {
    const text = written;
    written = "";
    await terminal.write(text);
  };
  return {
    async push(text) {
      wrapper.push(printable(text));
      await flush();
    },
    async end() {
      wrapper.end();
      await flush();
      await terminal.line();
    },
  };
}

/** The answer's text in one piece. */
export async function writeAnswerText(terminal: Terminal, text: string): Promise<void> {
  await terminal.line(wrap(printable(text).trim(), terminal.width).join("\n"));
}

/** What stands under an answer: its sources with their quotes, the prompt if asked for, and where the time went. */
export async function writeAnswerFoot(terminal: Terminal, answer: Answer, locate: Locate): Promise<void> {
  for (const citation of distinct(answer.citations)) {
    await terminal.line();
    await writeCitation(terminal, answer, citation, locate);
  }
  if (answer.citations.length === 0 && answer.passages.length > 0) {
    const looked = [...new Set(answer.passages.map(({ uri }) => printableLine(uri)))].join(", ");
    await terminal.line();
    const words = `${answer.refused ? "Looked in" : "No source is cited. Given were"}: ${looked}`;
    await terminal.line(terminal.style("dim", wrap(words, terminal.width).join("\n")));
  }
  if (answer.prompt !== undefined) {
    await terminal.line(`\n${terminal.style("bold", "Prompt as sent")}`);
    await terminal.line(indent(printable(answer.prompt).trimEnd().split("\n"), "  "));
  }
  const summary = wrapParts(summaryOf(answer), " · ", terminal.width);
  await terminal.line(`\n${terminal.style("dim", summary.join("\n"))}`);
}

/** One sentence may be cited for several statements: it is shown once. */
function distinct(citations: readonly Citation[]): Citation[] {
  const seen = new Set<string>();
  return citations.filter(({ n, start, end, verdict }) => {
    const key = [n, start, end, verdict].join(" ");
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

async function writeCitation(
  terminal: Terminal,
  answer: Answer,
  citation: Citation,
  locate: Locate,
): Promise<void> {
  const { mark, style, words } = VERDICTS[citation.verdict];
  const number = `[${citation.n}]`;
  const margin = " ".repeat(number.length + 1);
  const headings = answer.passages.find(({ id }) => id === citation.passageId)?.headings ?? [];
  const place =
    citation.uri === undefined
      ? "no source of this number"
      : placeLine(terminal, { ...citation, uri: citation.uri, headings }, await locate(citation));
  await terminal.line(`${terminal.style("bold", number)} ${place}`);
  if (citation.quote !== "") {
    const quote = wrap(`“${printableLine(citation.quote)}”`, terminal.width - margin.length);
    await terminal.line(indent(quote, margin));
  }
  await terminal.line(margin + terminal.style(style, `${mark} ${words}`));
  if (answer.asOf !== undefined && citation.validFrom !== undefined) {
    const { validFrom, validTo } = citation;
    const end = validTo === undefined ? "stands still" : `stood until ${validTo}`;
    await terminal.line(margin + terminal.style("dim", `version of ${validFrom}, ${end}`));
  }
}

/** The arm, and where the time went. */
function summaryOf({ mode, grounding, adapter, passages, timings }: Answer): string[] {
  const arm = [mode, grounding, adapter && adapterWords(adapter)].filter(Boolean).join(", ");
  const parts = [arm];
  if (passages.length > 0 || timings.retrievalMs > 0) parts.push(`search ${duration(timings.retrievalMs)}`);
  if (timings.promptTokens > 0) {
    parts.push(`prompt ${timings.promptTokens} tokens`, `first token ${duration(timings.firstTokenMs)}`);
  }
  if (timings.tokensPerSecond > 0) parts.push(`${Math.round(timings.tokensPerSecond)} tokens/s`);
  parts.push(`total ${duration(timings.totalMs)}`);
  return parts;
}

function adapterWords({ name, scale }: NonNullable<Answer["adapter"]>): string {
  return scale === undefined || scale === 1 ? name : `${name} × ${scale}`;
}
