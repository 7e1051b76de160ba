import type { AddAdapterManifestOptions } from "@advisor/adapters";
import type { AdapterManifest } from "@advisor/contracts";
import { nanoChatModel } from "@advisor/nano";

/** What a new manifest says beyond what the files say; the same as in `@advisor/adapters`, but for the two files' names. */
export interface AddAdapterOptions extends Omit<AddAdapterManifestOptions, "adapter" | "base"> {
  /** Path of the adapter's GGUF. */
  readonly file: string;
  /** `nano`, or the path of the base's GGUF. */
  readonly base: "nano" | (string & {});
}

/**
 * Checks an adapter against its base and writes its manifest beside it, so that an advisor will load it.
 *
 * @throws AdapterError when it does not fit the base or has a manifest already; ModelError when the base is no model.
 */
export async function addAdapterManifest(
  options: AddAdapterOptions,
): Promise<{ readonly manifest: AdapterManifest; readonly path: string }> {
  const { file, base, ...rest } = options;
  const { addAdapterManifest: add, manifestPath } = await import("@advisor/adapters");
  const path = base === "nano" ? (await nanoChatModel()).path : base;
  return { manifest: await add({ adapter: file, base: path, ...rest }), path: manifestPath(file) };
}
