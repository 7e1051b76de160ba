import { z } from "zod";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be a lower-case hexadecimal SHA-256");
const day = z.iso.date();
const count = z.number().int().positive();

/** What a base must be for the adapter to mean anything on it. Any difference refuses to load. */
export const adapterBaseSchema = z.strictObject({
  architecture: z.string().min(1),
  blockCount: count,
  embeddingLength: count,
  feedForwardLength: count,
  headCount: count,
  headCountKv: count,
  vocabularySize: count,
  tokenizerSha256: sha256,
  chatTemplateSha256: sha256,
});
/** The base an adapter was made for: shapes, and hashes of its tokenizer and chat template. */
export type AdapterBase = z.infer<typeof adapterBaseSchema>;

/** The form the adapter writes, so that `quoted` grounding can leave its words free and limit only the evidence. */
export const adapterFormSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("free") }),
  /** One of `opening`, then the evidence, then one of `closing`, joined by `separator`. */
  z.strictObject({
    type: z.literal("wrapped"),
    opening: z.array(z.string().min(1)).min(1),
    closing: z.array(z.string().min(1)).min(1),
    separator: z.string().default(" "),
  }),
  /** A JSON object of this JSON Schema, with the JSON Pointers (RFC 6901) of the strings that hold evidence. */
  z.strictObject({
    type: z.literal("json"),
    schema: z.record(z.string(), z.unknown()),
    evidenceSlots: z.array(z.string().startsWith("/")),
  }),
]);
/** What an adapter writes: free text, evidence between opening and closing words, or JSON with evidence slots. */
export type AdapterForm = z.infer<typeof adapterFormSchema>;

/** A score on examples that training never saw. */
export const heldOutScoreSchema = z.strictObject({
  metric: z.string().min(1),
  value: z.number(),
  examples: count,
});

/**
 * Stands beside each LoRA GGUF: `support-voice.gguf` has `support-voice.manifest.json`. An adapter without one is
 * refused; `advisor adapters add` writes it.
 */
export const adapterManifestSchema = z.strictObject({
  manifestVersion: z.literal(1),
  /** Unique among the adapters of an advisor. */
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "must be lower-case letters, digits, '.', '_' or '-'"),
  description: z.string().max(2000),
  /** Of the adapter's GGUF, whole. */
  sha256,
  base: adapterBaseSchema,
  /** The exact bases its scores were measured on. Another one warns, and must pass the canary. */
  testedOn: z.array(z.strictObject({ name: z.string(), fingerprint: sha256, quantization: z.string() })),
  rank: count,
  alpha: z.number().positive(),
  form: adapterFormSchema,
  dataset: z.strictObject({ sha256, examples: count, license: z.string().optional() }).nullable(),
  heldOut: z.array(heldOutScoreSchema),
  created: day,
  /** After this day the adapter still loads, with a warning. */
  reviewBy: day,
});
/** An adapter's manifest, as parsed by {@link adapterManifestSchema}. */
export type AdapterManifest = z.infer<typeof adapterManifestSchema>;
