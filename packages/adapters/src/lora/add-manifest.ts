import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import {
  AdapterError,
  type AdapterManifest,
  adapterFormSchema,
  adapterManifestSchema,
  heldOutScoreSchema,
  parseInput,
} from "@advisor/contracts";
import { z } from "zod";
import { inspectGguf } from "../gguf/inspect.ts";
import { fitToBase } from "./fit-to-base.ts";
import { manifestPath } from "./manifest.ts";
import { inspectAdapter } from "./read-adapter.ts";

/** Days until an adapter is to be reviewed, when nobody says. */
const REVIEW_AFTER_DAYS = 365;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What a new manifest says beyond what the files say. */
export interface AddAdapterManifestOptions {
  /** Path of the adapter's GGUF. */
  readonly adapter: string;
  /** Path of the base's GGUF. */
  readonly base: string;
  /** Default: the file's own name, made fit: lower case, other characters as `-`. */
  readonly name?: string;
  /** Default empty. */
  readonly description?: string;
  /** `YYYY-MM-DD`. Default: a year from now. */
  readonly reviewBy?: string;
  /** What the adapter writes. Default free text. */
  readonly form?: AdapterManifest["form"];
  readonly dataset?: AdapterManifest["dataset"];
  /** Scores on this very base. With them, the base counts as tested. Default none. */
  readonly heldOut?: AdapterManifest["heldOut"];
  /** Replaces a manifest that stands there already. Default false. */
  readonly replace?: boolean;
}

const optionsSchema = z.strictObject({
  adapter: z.string().min(1),
  base: z.string().min(1),
  name: adapterManifestSchema.shape.name.optional(),
  description: adapterManifestSchema.shape.description.default(""),
  reviewBy: adapterManifestSchema.shape.reviewBy.optional(),
  form: adapterFormSchema.default({ type: "free" }),
  dataset: adapterManifestSchema.shape.dataset.default(null),
  heldOut: z.array(heldOutScoreSchema).default([]),
  replace: z.boolean().default(false),
});

/**
 * Checks an adapter against its base and writes its manifest beside it.
 *
 * Whoever writes a manifest vouches that the adapter was made for this base: its file says which tensors it fits, and
 * not which tokenizer or chat template it learned with.
 * @throws AdapterError when the adapter does not fit, or has a manifest already and `replace` is not set.
 */
export async function addAdapterManifest(options: AddAdapterManifestOptions): Promise<AdapterManifest> {
  const parsed = parseInput(optionsSchema, options, "adapter manifest", "invalid_setting");
  const [adapter, base] = await Promise.all([inspectAdapter(parsed.adapter), inspectGguf(parsed.base)]);
  fitToBase(adapter, base);
  const now = new Date();
  const manifest = parseInput(
    adapterManifestSchema,
    {
      manifestVersion: 1,
      name: parsed.name ?? nameOf(parsed.adapter),
      description: parsed.description,
      sha256: adapter.sha256,
      base: base.base,
      testedOn: [
        {
          name: base.name ?? basename(parsed.base),
          fingerprint: base.fingerprint,
          quantization: base.quantization,
        },
      ],
      rank: adapter.rank,
      alpha: adapter.alpha,
      form: parsed.form,
      dataset: parsed.dataset,
      heldOut: parsed.heldOut,
      created: dayOf(now),
      reviewBy: parsed.reviewBy ?? dayOf(new Date(now.getTime() + REVIEW_AFTER_DAYS * DAY_MS)),
    },
    "adapter manifest",
    "invalid_setting",
  );
  await write(manifestPath(parsed.adapter), manifest, parsed.replace);
  return manifest;
}

const dayOf = (date: Date) => date.toISOString().slice(0, 10);

function nameOf(path: string): string {
  return basename(path)
    .replace(/\.gguf$/i, "")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 64);
}

async function write(path: string, manifest: AdapterManifest, replace: boolean): Promise<void> {
  try {
    // "wx" makes the file or fails, so that two callers cannot both believe that they wrote it.
    await writeFile(path, `${JSON.stringify(manifest, undefined, 2)}\n`, { flag: replace ? "w" : "wx" });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
    throw new AdapterError({
      code: "adapter_invalid",
      subject: path,
      reason: exists
        ? "a manifest stands there already"
        : `it cannot be written: ${(cause as Error).message}`,
      nextStep: exists
        ? "Keep it, or replace it on purpose with `replace: true` (`--replace` at the command)"
        : "Check that the folder may be written and the disk is not full",
      cause,
    });
  }
}
