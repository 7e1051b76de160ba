import type { Dirent, Stats } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { BadInputError, type Skipped } from "@advisor/contracts";
import { Unreadable } from "./front-matter.ts";
import { IGNORE_FILES, type IgnoreRules, NO_IGNORE_RULES, readIgnoreFile } from "./ignore-files.ts";
import { reasonByName, systemReason } from "./read-file.ts";
import { aboveOf, EVERYTHING, type Selection } from "./selection.ts";

/** What a walk found. Uris are paths relative to the folder, with forward slashes, in code-unit order. */
export interface FolderListing {
  /** Absolute, without symbolic links. */
  readonly root: string;
  readonly files: readonly string[];
  readonly skipped: readonly Skipped[];
  /** Folders that could not be listed, as uri prefixes: documents below them are kept as they were. */
  readonly unlisted: readonly string[];
  /** The folders that were walked, as uri prefixes (empty for the folder itself), each with the ignore rules in it. */
  readonly folders: ReadonlyMap<string, IgnoreRules>;
}

export interface ListingOptions {
  /** Real path of a folder that is passed over: the store, should it lie inside. */
  readonly without?: string | undefined;
  /** Default: every file. */
  readonly selection?: Selection | undefined;
  /** Files and folders to look at, as uris without a final slash; the rest is not walked. Default: the whole folder. */
  readonly parts?: readonly string[] | undefined;
}

/**
 * Lists the files of a folder and its subfolders. Hidden files and folders, `node_modules`, what `.gitignore` and
 * `.advisorignore` name (at every level from the folder down) and what is not selected are passed over. A folder whose
 * ignore file cannot be read is listed as skipped, since it is not known what may be read in it. Symbolic links that lead
 * out of the folder, links to folders, and files of other kinds are listed as skipped.
 * @throws BadInputError `folder_missing` when there is no such folder.
 */
export async function listFolder(folder: string, options: ListingOptions = {}): Promise<FolderListing> {
  const { without, selection = EVERYTHING, parts } = options;
  const root = await realFolder(folder);
  const files: string[] = [];
  const skipped: Skipped[] = [];
  const unlisted: string[] = [];
  const folders = new Map<string, IgnoreRules>();
  const queue: Visit[] = [{ prefix: "", above: NO_IGNORE_RULES, only: parts && treeOf(parts) }];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { prefix, above, only } = next;
    let entries: Entry[];
    try {
      entries = only?.size ? await named(root, prefix, only) : await listed(root, prefix);
    } catch (error) {
      if (prefix === "") throw missing(folder, systemReason(error));
      const reason = (await nameIsLost(root, prefix.slice(0, -1))) ? NAME_LOST : systemReason(error);
      skipped.push({ uri: prefix.slice(0, -1), reason });
      unlisted.push(prefix);
      continue;
    }
    const texts: string[] = [];
    const names = only?.size ? undefined : new Set(entries.map(({ name }) => name));
    let unknown = false;
    for (const name of IGNORE_FILES) {
      if (names && !names.has(name)) continue;
      try {
        texts.push(await readIgnoreFile(join(root, prefix, name)));
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        if (!names && error.reason === "it is no longer there") continue;
        skipped.push({ uri: prefix + name, reason: `${error.reason}, so its folder was left out` });
        unknown = true;
      }
    }
    if (unknown) {
      unlisted.push(prefix);
      continue;
    }
    const rules = above.within(prefix, texts);
    folders.set(prefix, rules);
    for (const { name, kind } of entries) {
      if (isPassedOver(name)) continue;
      const uri = prefix + name;
      if (rules.ignores(kind.isDirectory() ? `${uri}/` : uri) || selection.excludes(uri)) continue;
      if (kind.isDirectory()) {
        if (join(root, uri) !== without)
          queue.push({ prefix: `${uri}/`, above: rules, only: only?.get(name) });
      } else if (selection.includes(uri)) {
        const reason = await reasonToSkip(root, uri, kind);
        if (reason) skipped.push({ uri, reason });
        else files.push(uri);
      }
    }
  }
  const byUri = (a: Skipped, b: Skipped) => (a.uri < b.uri ? -1 : 1);
  return { root, files: files.sort(), skipped: skipped.sort(byUri), unlisted, folders };
}

/** Hidden files, and other people's code. */
export function isPassedOver(name: string): boolean {
  return name.startsWith(".") || name === "node_modules";
}

/** Names in a folder that are wanted, each with those in it; an empty tree wants everything. */
interface Tree extends Map<string, Tree> {}

interface Visit {
  /** Empty, or ends in a slash. */
  readonly prefix: string;
  readonly above: IgnoreRules;
  readonly only: Tree | undefined;
}

interface Entry {
  readonly name: string;
  readonly kind: Dirent | Stats;
}

function treeOf(parts: readonly string[]): Tree {
  const wanted = new Set(parts);
  const root: Tree = new Map();
  for (const part of wanted) {
    if (part === "") return new Map();
    if (aboveOf(part).some((above) => wanted.has(above))) continue;
    let at = root;
    for (const name of part.split("/")) {
      const next: Tree = at.get(name) ?? new Map();
      at.set(name, next);
      at = next;
    }
  }
  return root;
}

async function listed(root: string, prefix: string): Promise<Entry[]> {
  const entries = await readdir(join(root, prefix), { withFileTypes: true });
  return entries.map((kind) => ({ name: kind.name, kind }));
}

/** The entries of these names that are there. */
async function named(root: string, prefix: string, names: Tree): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const name of names.keys()) {
    try {
      entries.push({ name, kind: await lstat(join(root, prefix, name)) });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "ENAMETOOLONG") throw error;
    }
  }
  return entries;
}

const NAME_LOST = "its name is not valid UTF-8, rename it";

/** Whether a name stands for bytes that are no text, so that nothing is found under it. */
async function nameIsLost(root: string, uri: string): Promise<boolean> {
  if (!uri.includes("\ufffd")) return false;
  return lstat(join(root, uri)).then(
    () => false,
    () => true,
  );
}

async function reasonToSkip(root: string, uri: string, kind: Entry["kind"]): Promise<string | undefined> {
  if (await nameIsLost(root, uri)) return NAME_LOST;
  if (kind.isSymbolicLink()) {
    try {
      const target = await realpath(join(root, uri));
      if (target !== root && !target.startsWith(root.endsWith(sep) ? root : root + sep))
        return "it is a symbolic link out of the folder";
      if (!(await stat(target)).isFile()) return "it is a symbolic link to a folder";
    } catch (error) {
      return systemReason(error) === "it is no longer there"
        ? "it is a symbolic link to nothing"
        : systemReason(error);
    }
  } else if (!kind.isFile()) return "it is not a regular file";
  return reasonByName(uri);
}

/**
 * The real path of a folder to sync. Whoever opens a store for a sync asks first, so that a mistyped folder makes none.
 * @throws BadInputError `folder_missing` when there is no such folder.
 */
export async function realFolder(folder: string): Promise<string> {
  let root: string;
  try {
    root = await realpath(folder);
    if ((await stat(root)).isDirectory()) return root;
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw missing(folder, gone ? "there is no such folder" : systemReason(error), error);
  }
  throw missing(folder, "it is a file, not a folder");
}

function missing(folder: string, reason: string, cause?: unknown): BadInputError {
  return new BadInputError({
    code: "folder_missing",
    subject: folder,
    reason,
    nextStep: "Name a folder that exists and can be read",
    cause,
  });
}
