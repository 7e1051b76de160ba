import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BadInputError } from "@advisor/contracts";
import { isLoopback } from "../loopback.ts";

/** Options of an object store, by LanceDB's names: endpoint, region, credentials. */
export type StorageOptions = Readonly<Record<string, string>>;

/** Where a store is: a folder of this machine, or a prefix of an object store. */
export type StoreLocation =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "object-store"; readonly uri: string; readonly options: StorageOptions };

/** How each scheme names its server, of which one on this machine needs no leave. */
const ENDPOINTS: Readonly<Record<string, readonly string[]>> = {
  s3: ["awsendpoint", "awsendpointurl", "endpoint", "endpointurl"],
  az: ["azurestorageendpoint", "azureendpoint", "endpoint"],
  gs: ["googlebaseurl", "baseurl"],
};

/**
 * Checks where a store is to be. A server that is not on this machine is refused without `allowRemote`, before anything
 * is sent.
 * @throws BadInputError `invalid_setting`, which never holds an option's value or what a URI says of a user.
 */
export function parseLocation(
  location: string,
  options: StorageOptions,
  allowRemote: boolean,
): StoreLocation {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(location)?.[1]?.toLowerCase();
  if (scheme === undefined || scheme === "file") {
    if (Object.keys(options).length > 0) {
      throw invalid("storageOptions", "a folder has none", "Leave them out, or name an object store");
    }
    return { kind: "folder", path: resolve(scheme === "file" ? pathOf(location) : location) };
  }
  if (scheme === "db") {
    // Told by LanceDB's client 0.37.1: it knows neither the key that keeps two writers from one document, nor `optimize`,
    // without which nothing is ever erased.
    throw invalid(
      "location",
      "LanceDB's own service lacks calls that a store needs: keys, and erasing what was stored",
      "Name a folder, or an s3://, gs:// or az:// URI",
    );
  }
  if (!(scheme in ENDPOINTS)) {
    throw invalid("location", `${scheme}:// is no store`, "Name a folder, or an s3://, gs:// or az:// URI");
  }
  const rest = location.slice(scheme.length + 3);
  if (/[@?#]/.test(rest)) {
    throw invalid(
      "location",
      "a URI holds no user, query or fragment",
      "Hand credentials over as storageOptions",
    );
  }
  if (rest.replace(/\/+$/, "") === "") {
    throw invalid("location", `${scheme}:// names no bucket`, `Name one, as in ${scheme}://bucket/store`);
  }
  if (!allowRemote && !staysHere(scheme, options)) {
    throw invalid(
      "location",
      `a store at ${scheme}:// is read and written over the network, which is off`,
      "Set allowRemote to true in the settings of the store if it may be, or name a folder",
    );
  }
  const snake = (name: string) => name.replace(/[A-Z]/g, (sign) => `_${sign.toLowerCase()}`);
  const plainOptions = Object.fromEntries(
    Object.entries(options).map(([name, value]) => [snake(name), value]),
  );
  return { kind: "object-store", uri: location.replace(/\/+$/, ""), options: plainOptions };
}

/** What must be in no message: the values of options that are secret, or may be. */
export function secretsOf(options: StorageOptions): readonly string[] {
  return Object.entries(options)
    .filter(([name]) => /key|secret|token|password|sas|credential|account|sig|bearer/i.test(name))
    .map(([, value]) => value)
    .filter((value) => value.length > 3);
}

/** Whether the server is on this machine, and no other one is asked for credentials. */
function staysHere(scheme: string, options: StorageOptions): boolean {
  const named = new Map(Object.entries(options).map(([name, value]) => [plain(name), value]));
  const endpoints = (ENDPOINTS[scheme] ?? []).flatMap((name) => named.get(name) ?? []);
  if (endpoints.length === 0 || !endpoints.every(isHere)) return false;
  if (scheme === "gs") return isEmulated(named);
  // Without a key in hand the client asks the cloud's own service for one.
  return [...named.keys()].some((name) => /accesskey|storagekey|accountkey|saskey|skipsignature/.test(name));
}

/**
 * Whether the service account is one of an emulator. With any other, and without one, Google is asked for a key: with
 * `google_skip_signature` too, at the first write.
 */
function isEmulated(named: ReadonlyMap<string, string>): boolean {
  // A second account, in a file, would win.
  if ([...named.keys()].some((name) => /serviceaccount(?:path)?$|applicationcredentials$/.test(name)))
    return false;
  try {
    const account = JSON.parse(named.get("googleserviceaccountkey") ?? named.get("serviceaccountkey") ?? "");
    const { gcs_base_url: endpoint, disable_oauth: isWithoutKey } = account;
    return isWithoutKey === true && (endpoint === undefined || isHere(String(endpoint)));
  } catch {
    return false;
  }
}

function isHere(endpoint: string): boolean {
  return URL.canParse(endpoint) && isLoopback(new URL(endpoint).hostname);
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll("_", "");
}

function pathOf(uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch (error) {
    throw invalid(
      "location",
      "the file:// URI names no path of this machine",
      "Name the folder itself",
      error,
    );
  }
}

function invalid(field: string, reason: string, nextStep: string, cause?: unknown): BadInputError {
  return new BadInputError({
    code: "invalid_setting",
    subject: `knowledge settings, ${field}`,
    reason,
    nextStep,
    ...(cause !== undefined && { cause }),
  });
}
