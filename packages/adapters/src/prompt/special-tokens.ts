import { decodeInt32s, decodeStrings } from "../gguf/array-values.ts";
import type { GgufHeader } from "../gguf/parse.ts";
import type { LlamaModel, Token } from "../llama/runtime.ts";

/** A token that is written as a mark, such as `<|im_end|>`, rather than made from text. */
export interface SpecialToken {
  readonly id: Token;
  readonly text: string;
  /** Swallows white space before it. */
  readonly stripLeft: boolean;
  /** Swallows white space after it. */
  readonly stripRight: boolean;
  /** Found in any text, not only in a template's: llama.cpp matches user-defined tokens whatever it is told. */
  readonly userDefined: boolean;
}

/** Token types of `tokenizer.ggml.token_type` (`enum llama_token_type`). */
const NORMAL = 1;
const BYTE = 6;

/** True for names such as `<|im_end|>` or `[INST]`, which llama.cpp may declare control tokens whatever the file says. */
export function isMark(text: string): boolean {
  return /^[<[_▁|].+[>\]_|]$/su.test(text);
}

/** The marks of a vocabulary, longest first, which is the order in which llama.cpp looks for them. */
export function readSpecialTokens(header: GgufHeader, model: LlamaModel): readonly SpecialToken[] {
  const types = decodeInt32s(header.metadata.get("tokenizer.ggml.token_type"));
  const found: (SpecialToken & { readonly bytes: number })[] = [];
  for (const [id, text] of decodeStrings(header.metadata.get("tokenizer.ggml.tokens")).entries()) {
    const type = types[id] ?? NORMAL;
    if (type === BYTE || text === "" || (type === NORMAL && !isMark(text))) continue;
    const attributes = model.getTokenAttributes(id as Token);
    if (!attributes.control && !attributes.userDefined && !attributes.unknown) continue;
    found.push({
      id: id as Token,
      text,
      stripLeft: attributes.lstrip,
      stripRight: attributes.rstrip,
      userDefined: attributes.userDefined,
      bytes: Buffer.byteLength(text),
    });
  }
  return found.sort((a, b) => b.bytes - a.bytes);
}
