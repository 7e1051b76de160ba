import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.ts";

const folder = dirname(fileURLToPath(import.meta.url));

export interface Child {
  readonly pid: number;
  /** When it has said `ready`. */
  readonly ready: Promise<void>;
  /** When it has ended, with its exit code, or null after a signal. */
  readonly ended: Promise<number | null>;
  /** Writes a line to its standard input. */
  say(line: string): void;
  kill(): void;
}

/** Starts a module of this folder in a process of its own. Its arguments begin at the third of `process.argv`. */
export async function spawnChild(module: string, ...args: readonly string[]): Promise<Child> {
  const path = join(folder, module);
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(
    process.execPath,
    [await bundle(path), path, ...args],
    { stdio: ["pipe", "pipe", "pipe"] },
  );
  let errors = "";
  child.stderr.on("data", (data) => {
    errors += data;
  });
  const ended = once(child, "exit").then(([code]) => code as number | null);
  const ready = new Promise<void>((resolve, reject) => {
    let said = "";
    child.stdout.on("data", (data) => {
      said += data;
      if (said.includes("ready\n")) resolve();
    });
    ended.then((code) => reject(new Error(`the child ended with ${code} before it was ready: ${errors}`)));
  });
  ready.catch(() => {});
  child.stdin.on("error", () => {});
  const say = (line: string) => child.stdin.write(`${line}\n`);
  return { pid: child.pid ?? 0, ready, ended, say, kill: () => child.kill("SIGKILL") };
}
