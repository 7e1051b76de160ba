// Loaded at every start: nothing here may import the SDK.

/** Where the store is when nobody says. */
export const DEFAULT_STORE = ".advisor";
/** Names the embedded models; anything else is a path. */
export const EMBEDDED = "nano";

/** Collects a flag that may be given several times. */
export function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}

/** Roles are listed with commas; a comma that belongs to a name is written `\,`. */
export function collectRoles(value: string, earlier: readonly string[]): string[] {
  return [...earlier, ...value.split(/(?<!\\),/).map((role) => role.replaceAll("\\,", ",").trim())];
}
