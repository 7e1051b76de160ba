import {
  type AdapterSelection,
  type Generator,
  groundingSchema,
  keepVersionsSchema,
  MAX_TOP_K,
  modeSchema,
  type OnProgress,
  parseInput,
  principalSchema,
  promptFormatSchema,
  type Retriever,
} from "@advisor/contracts";
import { z } from "zod";
import { embedderSettingSchema, NANO } from "./embedder-choice.ts";
import { rerankerSettingSchema } from "./reranker-choice.ts";
import { isStoreChoice, type StoreChoice } from "./store-choice.ts";
import { stringOrPart } from "./string-or-part.ts";

/** Limit on adapters of one advisor: each may keep a context of its own in memory. */
const MAX_ADAPTERS = 64;
/** Limits on a context window: below, no prompt fits; above, no model of today reaches. */
const MIN_CONTEXT_LENGTH = 128;
const MAX_CONTEXT_LENGTH = 16 * 1024 * 1024;

/** An adapter by name, or by name and scale. */
export const adapterChoiceSchema = z
  .union([z.string().min(1), z.strictObject({ name: z.string().min(1), scale: z.number().optional() })], {
    error: "must be the name of an adapter, or {name, scale}",
  })
  .transform((choice): AdapterSelection => {
    if (typeof choice === "string") return { name: choice };
    return { name: choice.name, ...(choice.scale === undefined ? {} : { scale: choice.scale }) };
  });

const settingsSchema = z.strictObject({
  keepVersions: keepVersionsSchema.optional(),
  store: z
    .union(
      [
        stringOrPart<Retriever>(
          ["search", "document", "upsert", "remove", "sync", "roles", "status", "dispose"],
          "",
        ),
        z.custom<StoreChoice>(isStoreChoice),
      ],
      {
        error:
          "must be the folder of a store, or an object with its location, or one with the methods search, document, upsert, remove, sync, roles, status, dispose",
      },
    )
    .default(".advisor"),
  model: stringOrPart<Generator>(
    ["generate", "countTokens", "adapters", "dispose"],
    "nano, the path of a GGUF",
  ).default("nano"),
  embedder: embedderSettingSchema.default(NANO),
  reranker: rerankerSettingSchema.optional(),
  rerankDepth: z.number().int().min(1).max(MAX_TOP_K).optional(),
  adapters: z.array(z.string().min(1)).max(MAX_ADAPTERS).default([]),
  adapter: adapterChoiceSchema.optional(),
  principal: principalSchema.optional(),
  mode: modeSchema.default("retrieval"),
  grounding: groundingSchema.optional(),
  topK: z.number().int().min(1).max(MAX_TOP_K).default(4),
  promptFormat: promptFormatSchema.optional(),
  contextLength: z.number().int().min(MIN_CONTEXT_LENGTH).max(MAX_CONTEXT_LENGTH).optional(),
  gpu: z.union([z.literal("auto"), z.literal(false)], { error: "must be auto or false" }).default("auto"),
  onProgress: z.custom<OnProgress>((value) => typeof value === "function", "must be a function").optional(),
});

/** Settings with their defaults filled in. */
export type ParsedSettings = z.output<typeof settingsSchema>;

/** @throws BadInputError that names the field. */
export function parseSettings(settings: unknown): ParsedSettings {
  parseMode(settings, "settings");
  return parseInput(settingsSchema, settings ?? {}, "settings", "invalid_setting");
}

/** An unknown mode has a code of its own, so it is looked at before the rest. */
export function parseMode(value: unknown, subject: string): void {
  if (typeof value !== "object" || value === null) return;
  parseInput(z.looseObject({ mode: modeSchema.optional() }), value, subject, "unknown_mode");
}
