import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { BadInputError, type Skipped } from "@advisor/contracts";
import { Unreadable } from "./front-matter.ts";
import { IGNORE_FILES, type IgnoreRules, NO_IGNORE_RULES, readIgnoreFile } from "./ignore-files.ts";
import { reasonByName, systemReason } from "./read-file.ts";

/** What a walk found. Uris are paths relative to the folder, with forward slashes, in code-unit order. */
export interface FolderListing {
  /** Absolute, without symbolic links. */
  readonly root: string;
  readonly files: readonly string[];
  readonly skipped: readonly Skipped[];
  /** Folders that could not be listed, as uri prefixes: documents below them are kept as they were. */
  readonly unlisted: readonly string[];
}

/**
 * Lists the files of a folder and its subfolders. Hidden files and folders, `node_modules` and what `.gitignore` and
 * `.advisorignore` name (at every level from the folder down) are passed over. A folder whose ignore file cannot be read is
 * listed as skipped, since it is not known what may be read in it. Symbolic links that lead out of the folder, links to folders, and files of other kinds are listed as skipped. `without` is the
 * real path of a folder that is passed over too: the store, should it lie inside.
 * @throws BadInputError `folder_missing` when there is no such folder.
 */
export async function listFolder(folder: string, without?: string): Promise<FolderListing> {
  const root = await realFolder(folder);
  const files: string[] = [];
  const skipped: Skipped[] = [];
  const unlisted: string[] = [];
  const queue: { prefix: string; above: IgnoreRules }[] = [{ prefix: "", above: NO_IGNORE_RULES }];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { prefix, above } = next;
    let entries: Dirent[];
    try {
      entries = await readdir(join(root, prefix), { withFileTypes: true });
    } catch (error) {
      if (prefix === "") throw missing(folder, systemReason(error));
      skipped.push({ uri: prefix.slice(0, -1), reason: systemReason(error) });
      unlisted.push(prefix);
      continue;
    }
    const names = new Set(entries.map(({ name }) => name));
    const texts: string[] = [];
    let unknown = false;
    for (const name of IGNORE_FILES) {
      if (!names.has(name)) continue;
      try {
        texts.push(await readIgnoreFile(join(root, prefix, name)));
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        skipped.push({ uri: prefix + name, reason: `${error.reason}, so its folder was left out` });
        unknown = true;
      }
    }
    if (unknown) {
      unlisted.push(prefix);
      continue;
    }
    const rules = above.within(prefix, texts);
    for (const entry of entries) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      const uri = prefix + entry.name;
      if (rules.ignores(entry.isDirectory() ? `${uri}/` : uri)) continue;
      if (entry.isDirectory()) {
        if (join(root, uri) !== without) queue.push({ prefix: `${uri}/`, above: rules });
      } else {
        const reason = await reasonToSkip(root, uri, entry);
        if (reason) skipped.push({ uri, reason });
        else files.push(uri);
      }
    }
  }
  const byUri = (a: Skipped, b: Skipped) => (a.uri < b.uri ? -1 : 1);
  return { root, files: files.sort(), skipped: skipped.sort(byUri), unlisted };
}

async function reasonToSkip(root: string, uri: string, entry: Dirent): Promise<string | undefined> {
  if (entry.isSymbolicLink()) {
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
  } else if (!entry.isFile()) return "it is not a regular file";
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
