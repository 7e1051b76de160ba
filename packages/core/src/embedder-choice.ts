import type { GgufEmbedderSettings } from "@advisor/adapters";
import { BadInputError, type Embedder, parseInput } from "@advisor/contracts";
import { nanoEmbedder } from "@advisor/nano";
import type { OpenAiEmbedderSettings, TransformersEmbedderSettings } from "@advisor/retrieval";
import { z } from "zod";
import { stringOrPart } from "./string-or-part.ts";

/** The embedded embedder's name, as every setting takes it. */
export const NANO = "nano";

/** An embedder with its settings, as data. What a plain path cannot say stands here. */
export type EmbedderChoice = (
  | ({ readonly type: "transformers" } & TransformersEmbedderSettings)
  | ({ readonly type: "gguf" } & Omit<GgufEmbedderSettings, "signal">)
  | ({ readonly type: "openai" } & OpenAiEmbedderSettings)
) & {
  /** The vector leg's share in a hybrid search, in [0, 1]. Default: that of `openKnowledge`. */
  readonly vectorWeight?: number;
};

const TYPES = ["transformers", "gguf", "openai"] as const;
/** The rest of the fields is each embedder's own to check, strictly. */
const choiceSchema = z.looseObject({
  type: z.enum(TYPES),
  vectorWeight: z.number().min(0).max(1).optional(),
});

/** Whether a value names one of the kinds of embedders; its fields are checked when it is loaded. */
export function isEmbedderChoice(value: unknown): value is EmbedderChoice {
  return choiceSchema.safeParse(value).success;
}

/** What names an embedder in settings: a path or name, a choice, or an embedder. */
export const embedderSettingSchema = z.union(
  [
    stringOrPart<Embedder>(["embed", "countTokens", "dispose"], ""),
    z.custom<EmbedderChoice>(isEmbedderChoice),
  ],
  {
    error:
      "must be nano, a transformers.js model's folder, a GGUF's path, an object of the type transformers, gguf or openai, or one with the methods embed, countTokens, dispose",
  },
);

/** The share of the vector leg that belongs to an embedder; undefined where nobody has found one. */
export async function vectorWeightOf(
  choice: string | EmbedderChoice | Embedder,
): Promise<number | undefined> {
  if (choice === NANO) return (await nanoEmbedder()).card.vectorWeight;
  return isEmbedderChoice(choice) ? choice.vectorWeight : undefined;
}

/**
 * Loads an embedder: `nano`, the path of a GGUF (by its ending), the folder of a transformers.js model, or a choice with
 * settings of its own.
 * @throws BadInputError `invalid_setting`, ModelError, as the embedder's own factory.
 */
export async function loadEmbedder(
  setting: string | EmbedderChoice,
  { gpu }: { readonly gpu: "auto" | false },
): Promise<Embedder> {
  if (setting === NANO) {
    const [{ createTransformersEmbedder }, { folder, card }] = await Promise.all([
      import("@advisor/retrieval"),
      nanoEmbedder(),
    ]);
    const { name, sha256, maxTokens } = card;
    return createTransformersEmbedder({ folder, name, sha256, maxTokens });
  }
  const choice = typeof setting === "string" ? choiceOf(setting) : setting;
  parseInput(choiceSchema, choice, "settings, embedder", "invalid_setting");
  const { vectorWeight: _, ...rest } = choice;
  switch (rest.type) {
    case "transformers": {
      const { type: __, ...settings } = rest;
      return (await import("@advisor/retrieval")).createTransformersEmbedder(settings);
    }
    case "gguf": {
      const { type: __, ...settings } = rest;
      return (await import("@advisor/adapters")).createGgufEmbedder({ gpu, ...settings });
    }
    case "openai": {
      const { type: __, ...settings } = rest;
      return (await import("@advisor/retrieval")).createOpenAiEmbedder(settings);
    }
  }
}

function choiceOf(text: string): EmbedderChoice {
  if (/^https?:\/\//i.test(text)) {
    throw new BadInputError({
      code: "invalid_setting",
      subject: "settings, embedder",
      reason: "an address alone does not say which model to ask for",
      nextStep: 'Write it as {"type": "openai", "url": …, "model": …}',
    });
  }
  if (/\.gguf$/i.test(text)) return { type: "gguf", path: text };
  return { type: "transformers", folder: text };
}
