import type { PromptFormat } from "@advisor/contracts";
import { fold } from "./words.ts";

/**
 * True when an answer says nothing but that the sources do not hold it: the prompt format's refusal, alone or inside an
 * adapter's opening and closing words, without a `[n]`.
 */
export function isRefusal(text: string, format: Pick<PromptFormat, "refusal">): boolean {
  const said = plain(text);
  const refusal = plain(format.refusal);
  return refusal !== "" && said.includes(refusal) && !/\[\d/.test(text);
}

function plain(text: string): string {
  return fold(text)
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}
