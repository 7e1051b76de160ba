import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  type AdapterBase,
  AdapterError,
  type AdapterManifest,
  adapterManifestSchema,
  type LoadedAdapter,
  type Warning,
} from "@advisor/contracts";
import type { GgufInspection } from "../gguf/inspect.ts";
import { fitToBase } from "./fit-to-base.ts";
import { type AdapterInspection, inspectAdapter } from "./read-adapter.ts";

/** Real manifests take a few kilobytes. */
const MAX_MANIFEST_BYTES = 1024 * 1024;

/** An adapter that was checked against a base. */
export interface CheckedAdapter extends LoadedAdapter {
  readonly path: string;
}

/** Where an adapter's manifest stands: `voice.gguf` has `voice.manifest.json` beside it. */
export function manifestPath(adapterPath: string): string {
  return join(dirname(adapterPath), `${basename(adapterPath).replace(/\.gguf$/i, "")}.manifest.json`);
}

/**
 * The manifest beside an adapter, or undefined when there is none.
 * @throws AdapterError `adapter_invalid` when there is one that cannot be used.
 */
export async function findManifest(adapterPath: string): Promise<AdapterManifest | undefined> {
  const path = manifestPath(adapterPath);
  const invalid = (reason: string, cause?: unknown) =>
    new AdapterError({
      code: "adapter_invalid",
      subject: path,
      reason,
      nextStep: "Correct it, or delete it and write a new one with `advisor adapters add`",
      cause,
    });
  let json: string;
  try {
    if ((await stat(path)).size > MAX_MANIFEST_BYTES) throw invalid("it is larger than 1 MiB");
    json = await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (cause instanceof AdapterError) throw cause;
    throw invalid(`it cannot be read: ${(cause as Error).message}`, cause);
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw invalid("it is not JSON", cause);
  }
  const parsed = adapterManifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`its field ${issue?.path.join(".") || "(root)"}: ${issue?.message}`, parsed.error);
}

/**
 * Reads an adapter and its manifest and holds them against the base.
 * @throws AdapterError when it is missing, broken, without manifest, or made for another base.
 */
export async function checkAdapter(path: string, base: GgufInspection, today: Date): Promise<CheckedAdapter> {
  const adapter = await inspectAdapter(path);
  const manifest = await findManifest(path);
  if (!manifest) {
    throw new AdapterError({
      code: "adapter_unmanifested",
      subject: path,
      reason: `it has no manifest ${basename(manifestPath(path))} beside it, so nothing says which base it is for`,
      nextStep: "Write one with `advisor adapters add`",
    });
  }
  if (manifest.sha256 !== adapter.sha256) {
    throw new AdapterError({
      code: "adapter_invalid",
      subject: path,
      reason: `its SHA-256 is ${adapter.sha256}, and its manifest says ${manifest.sha256}`,
      nextStep: "Restore the file, or delete the manifest and write a new one with `advisor adapters add`",
    });
  }
  compareBase(path, manifest, base);
  compareFile(path, manifest, adapter);
  fitToBase(adapter, base);
  return { name: manifest.name, path, manifest, warnings: warningsOf(manifest, base, today) };
}

function incompatible(
  path: string,
  field: string,
  here: unknown,
  there: unknown,
  base: string,
): AdapterError {
  return new AdapterError({
    code: "adapter_incompatible",
    subject: path,
    reason: `it was made for a base with ${field} ${String(there)}, and the model's is ${String(here)}`,
    nextStep: `Load it with ${base}, or use an adapter made for this model`,
  });
}

function compareBase(path: string, manifest: AdapterManifest, base: GgufInspection): void {
  const known = manifest.testedOn.map(({ name }) => name).join(" or ") || "the base it was made for";
  for (const field of Object.keys(manifest.base) as (keyof AdapterBase)[]) {
    if (manifest.base[field] !== base.base[field]) {
      throw incompatible(path, field, base.base[field], manifest.base[field], known);
    }
  }
}

function compareFile(path: string, manifest: AdapterManifest, adapter: AdapterInspection): void {
  for (const field of ["rank", "alpha"] as const) {
    if (manifest[field] === adapter[field]) continue;
    throw new AdapterError({
      code: "adapter_invalid",
      subject: path,
      reason: `its ${field} is ${adapter[field]}, and its manifest says ${manifest[field]}`,
      nextStep: "Delete the manifest and write a new one with `advisor adapters add`",
    });
  }
}

function warningsOf(manifest: AdapterManifest, base: GgufInspection, today: Date): readonly Warning[] {
  const warnings: Warning[] = [];
  if (!manifest.testedOn.some(({ fingerprint }) => fingerprint === base.fingerprint)) {
    const tested = manifest.testedOn.map(({ name, quantization }) => `${name} ${quantization}`).join(", ");
    warnings.push({
      code: "adapter_untested_base",
      message: `Adapter ${manifest.name} was never scored on this file of its base, only on ${tested || "none"}.`,
    });
  }
  if (today.toISOString().slice(0, 10) > manifest.reviewBy) {
    warnings.push({
      code: "adapter_review_due",
      message: `Adapter ${manifest.name} was to be reviewed by ${manifest.reviewBy}.`,
    });
  }
  return warnings;
}
