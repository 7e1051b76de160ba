import { BadInputError, type Reranker } from "@advisor/contracts";
import type { TransformersRerankerSettings } from "@advisor/retrieval";
import { z } from "zod";
import { stringOrPart } from "./string-or-part.ts";

/** A cross-encoder with its settings, as data. What a plain folder cannot say stands here. */
export type RerankerChoice = TransformersRerankerSettings;

/** The fields are the reranker's own to check, strictly. */
const choiceSchema = z.looseObject({ folder: z.string() });

/** What names a reranker in settings: a folder, a choice, or a reranker. */
export const rerankerSettingSchema = z.union(
  [
    stringOrPart<Reranker>(["score", "dispose"], ""),
    z.custom<RerankerChoice>((value) => choiceSchema.safeParse(value).success),
  ],
  {
    error:
      "must be a cross-encoder's folder, an object with its folder, or one with the methods score, dispose",
  },
);

/**
 * Loads a reranker: the folder of a cross-encoder, or a choice with settings of its own.
 * @throws BadInputError `invalid_setting`, ModelError, as `createTransformersReranker`.
 */
export async function loadReranker(setting: string | RerankerChoice): Promise<Reranker> {
  if (typeof setting === "string" && /^https?:\/\/|\.gguf$/i.test(setting)) {
    throw new BadInputError({
      code: "invalid_setting",
      subject: "settings, reranker",
      reason: "a server or a GGUF is no reranker",
      nextStep: "Name the folder of a cross-encoder for transformers.js, or hand over a reranker of your own",
    });
  }
  const { createTransformersReranker } = await import("@advisor/retrieval");
  return createTransformersReranker(typeof setting === "string" ? { folder: setting } : setting);
}
