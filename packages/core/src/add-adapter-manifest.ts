import type { AdapterManifest } from "@advisor/contracts";
import { nanoChatModel } from "@advisor/nano";

export interface AddAdapterOptions {
  /** Path of the adapter's GGUF. */
  readonly file: string;
  /** `nano`, or the path of the base's GGUF. */
  readonly base: "nano" | (string & {});
  /** Default: the file's own name in lower case. */
  readonly name?: string;
  /** Default empty. */
  readonly description?: string;
  /** `YYYY-MM-DD`. Default: a year from now. */
  readonly reviewBy?: string;
  /** What the adapter writes. Default free text. */
  readonly form?: AdapterManifest["form"];
  readonly dataset?: AdapterManifest["dataset"];
  /** Scores on this very base. Default none. */
  readonly heldOut?: AdapterManifest["heldOut"];
  /** Replaces a manifest that stands there already. Default false. */
  readonly replace?: boolean;
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
