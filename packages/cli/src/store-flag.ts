import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { StoreChoice } from "@advisor/core";
import type { CommandContext } from "./context.ts";
import type { StoreFlags } from "./flags.ts";
import { readSettingsFile } from "./settings-file.ts";

const URI = /^[a-z][a-z0-9+.-]*:\/\//i;
const EXAMPLE = '{"location": "s3://bucket/store", "storageOptions": {…}, "allowRemote": true}';

/**
 * What `--store` names: a folder, or a JSON file with the settings of a store, which is read here.
 * @throws BadInputError `invalid_setting`, naming the file.
 */
export function storeOf({ host }: CommandContext, flags: StoreFlags): string | StoreChoice {
  // An address is refused where it is understood.
  if (URI.test(flags.store)) return flags.store;
  const path = resolve(host.cwd, flags.store);
  if (!/\.json$/i.test(flags.store)) return path;
  const settings = readSettingsFile("--store", path, EXAMPLE);
  const { location } = settings;
  if (typeof location === "string" && !URI.test(location)) {
    settings.location = resolve(dirname(path), location);
  }
  return settings as unknown as StoreChoice;
}

/** The store's folder or URI. */
export function storeLocation(context: CommandContext, flags: StoreFlags): string {
  const store = storeOf(context, flags);
  return typeof store === "string" ? store : String(store.location);
}

/** False when there can be no store: its folder is not there. What is elsewhere is not asked. */
export function mayHaveStore(context: CommandContext, flags: StoreFlags): boolean {
  const location = storeLocation(context, flags);
  return URI.test(location) || existsSync(location);
}
