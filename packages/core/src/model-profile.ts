import type { ChatModelCard, EvidenceSettings, Grounding, PromptFormat } from "@advisor/contracts";
import { DEFAULT_EVIDENCE } from "./grounding/evidence.ts";
import { DEFAULT_PROMPT_FORMAT } from "./prompt/default-format.ts";

/** What the pipeline must know of a chat model beyond its weights. All that differs between models stands here. */
export interface ModelProfile {
  readonly promptFormat: PromptFormat;
  readonly grounding: Grounding;
  readonly evidence: EvidenceSettings;
  /** Longest prompt the model was found to handle, in its own tokens. Undefined where nobody measured. */
  readonly reliablePromptTokens: number | undefined;
  /** The one of its own adapters that is used when nobody names one. */
  readonly defaultAdapter: string | undefined;
}

/** Of a model that comes with a card. */
export function profileOfCard(card: ChatModelCard): ModelProfile {
  return {
    promptFormat: card.prompt,
    grounding: card.grounding,
    evidence: card.evidence,
    reliablePromptTokens: card.reliablePromptTokens,
    defaultAdapter: card.defaultAdapter,
  };
}

/** Of any other model: it is asked for `[n]` marks, and they are checked. */
export const GENERAL_PROFILE: ModelProfile = {
  promptFormat: DEFAULT_PROMPT_FORMAT,
  grounding: "cited",
  evidence: DEFAULT_EVIDENCE,
  reliablePromptTokens: undefined,
  defaultAdapter: undefined,
};
