import type { KnowledgeSettings } from "@advisor/retrieval";
import { z } from "zod";

/** A store with its settings, as data: one on an object store, say. What a plain folder cannot say stands here. */
export type StoreChoice = Pick<
  KnowledgeSettings,
  "location" | "storageOptions" | "allowRemote" | "lockTimeoutMs"
>;

/** The fields are the store's own to check, strictly. */
const choiceSchema = z.looseObject({ location: z.string() });

/** Whether a value names a store with settings; its fields are checked when it is opened. */
export function isStoreChoice(value: unknown): value is StoreChoice {
  return choiceSchema.safeParse(value).success;
}
