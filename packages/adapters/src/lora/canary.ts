import { AdapterError } from "@advisor/contracts";
import type { LlamaContextSequence, Token } from "../llama/runtime.ts";

/** Any text serves: an adapter that changes no logit here changes none anywhere near it. */
export const CANARY_MESSAGES = [{ role: "user", content: "How can you help me today?" }] as const;

/** Logits that differ by less than this, relative to their largest, differ by rounding alone. */
const SMALLEST_EFFECT = 1e-6;

/** Evaluates the canary prompt on an empty sequence and leaves it empty. Returns all logits, by token id. */
export async function readLogits(
  sequence: LlamaContextSequence,
  prompt: readonly Token[],
): Promise<Float32Array> {
  const last = prompt.length - 1;
  const results = await sequence.controlledEvaluate(
    prompt.map((token, index) =>
      index === last ? ([token, { generateNext: { logits: true } }] as const) : token,
    ),
  );
  await sequence.clearHistory();
  const logits = results[last]?.next.logits;
  if (!logits) throw new Error("the native library returned no logits");
  const byToken = new Float32Array(logits.size);
  for (const [token, logit] of logits) byToken[token] = logit;
  return byToken;
}

/**
 * Shows that an adapter does something, and nothing broken: on the canary prompt the logits with it are finite and
 * differ from the base's.
 * @throws AdapterError `adapter_without_effect`.
 */
export function checkCanary(path: string, base: Float32Array, steered: Float32Array): void {
  let difference = 0;
  let largest = 0;
  for (const [token, logit] of steered.entries()) {
    if (!Number.isFinite(logit)) {
      throw withoutEffect(path, "its first use gave logits that are not numbers, so its weights are broken");
    }
    difference = Math.max(difference, Math.abs(logit - (base[token] ?? 0)));
    largest = Math.max(largest, Math.abs(logit));
  }
  if (difference <= SMALLEST_EFFECT * largest) {
    throw withoutEffect(path, "the model writes the same with it and without it");
  }
}

function withoutEffect(path: string, reason: string): AdapterError {
  return new AdapterError({
    code: "adapter_without_effect",
    subject: path,
    reason,
    nextStep: "Train or convert it again; a LoRA that was never trained has no effect",
  });
}
