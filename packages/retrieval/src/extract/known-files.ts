import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FileState } from "./load-files.ts";

/**
 * The states in which the files of one source were last read, so that a sync need not read them again. It is a help, not
 * a record: without it, or when it does not fit what is stored, files are read.
 */
export interface KnownFiles {
  /** Whether the file of this document was read in this state, and made the version that is stored. */
  has(id: string, state: FileState, version: string): boolean;
  /** Remembers for the next sync. A state in which a change could go unseen is not kept. */
  note(id: string, state: FileState, version: string): void;
  /** Writes down what was noted, and forgets the rest. */
  save(): Promise<void>;
}

/** Goes up when a line means something else. */
const FORMAT = 1;
const FOLDER = "_files";

/**
 * Opens what is known of the files of a source. `settings` is a hash of all that decides, beside a file's content, what
 * is stored of it; what was noted under others is not known. The file names documents by their ids, never by path.
 */
export async function openKnownFiles(store: string, source: string, settings: string): Promise<KnownFiles> {
  const name = createHash("sha256").update(source).digest("hex").slice(0, 32);
  const file = join(store, FOLDER, name);
  const head = `${FORMAT} ${settings}`;
  const before = await readStates(file, head);
  const noted = new Map<string, string>();
  let fresh = 0;
  return {
    has: (id, state, version) => before.get(id) === `${version} ${state.key}`,
    note(id, state, version) {
      if (!state.settled) return;
      const line = `${version} ${state.key}`;
      if (before.get(id) !== line) fresh++;
      noted.set(id, line);
    },
    async save() {
      if (fresh === 0 && noted.size === before.size) return;
      const lines = [head];
      for (const [id, line] of noted) lines.push(`${id} ${line}`);
      const draft = `${file}.${randomUUID()}`;
      try {
        await mkdir(dirname(file), { recursive: true });
        await writeFile(draft, `${lines.join("\n")}\n`);
        await rename(draft, file);
      } catch {
        // A full disk or a store that is read alone costs the next sync some time, nothing else.
        await rm(draft, { force: true }).catch(() => {});
      }
    },
  };
}

async function readStates(file: string, head: string): Promise<Map<string, string>> {
  const states = new Map<string, string>();
  const text = await readFile(file, "utf8").catch(() => "");
  // A file without its last line break was not written to its end.
  if (!text.startsWith(`${head}\n`) || !text.endsWith("\n")) return states;
  for (const line of text.slice(head.length + 1).split("\n")) {
    const space = line.indexOf(" ");
    if (space > 0) states.set(line.slice(0, space), line.slice(space + 1));
  }
  return states;
}
