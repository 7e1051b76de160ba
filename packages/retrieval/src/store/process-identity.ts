import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { promisify } from "node:util";

/** Who holds a lock: enough to tell a process from a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** When the process started, as its system says it; null where that cannot be found out. */
  readonly started: string | null;
}

export async function thisProcess(): Promise<ProcessIdentity> {
  return { pid: process.pid, host: hostname(), started: await startOf(process.pid) };
}

/** Whether the process still runs. One on another machine cannot be looked at, and counts as running. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  if (identity.host !== hostname()) return true;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  if (identity.started === null) return true;
  const started = await startOf(identity.pid);
  return started === null || started === identity.started;
}

async function startOf(pid: number): Promise<string | null> {
  try {
    if (process.platform === "linux") {
      const [stat, boot] = await Promise.all([
        readFile(`/proc/${pid}/stat`, "utf8"),
        readFile("/proc/sys/kernel/random/boot_id", "utf8"),
      ]);
      // proc(5): starttime is field 22; the command in field 2 may hold spaces and brackets, so count behind it.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      // A zombie holds its number but runs no more.
      if (fields[0] === "Z" || fields[0] === "X") return "ended";
      return `${boot.trim()}:${fields[19]}`;
    }
    if (process.platform === "win32") return null;
    const { stdout } = await promisify(execFile)("ps", ["-o", "lstart=", "-p", String(pid)]);
    return stdout.trim() || null;
  } catch {
    return null;
  }
}
