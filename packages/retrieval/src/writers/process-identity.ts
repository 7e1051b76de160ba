import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { promisify } from "node:util";
import { z } from "zod";

/**
 * Who holds a lock: enough to tell a process from a later one that was given the same number, and from one of the same
 * number and host name that lives in another container or on another machine. What cannot be found out is null.
 */
export const processIdentitySchema = z.object({
  pid: z.number().int().positive(),
  host: z.string(),
  /** Of the system's installation: tells a restart from another machine of that name. */
  machine: z.string().nullable(),
  /** Of the kernel's run, and the namespace in it that the number belongs to. */
  boot: z.string().nullable(),
  space: z.string().nullable(),
  /** When the process started, as its system says it. */
  started: z.string().nullable(),
});
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

/** Unknown: it cannot be looked at from here, or not told from another one of its number. */
export type Liveness = "running" | "ended" | "unknown";

export async function thisProcess(): Promise<ProcessIdentity> {
  const [place, started] = await Promise.all([thisPlace(), startOf(process.pid)]);
  return { pid: process.pid, ...place, started };
}

export async function livenessOf(identity: ProcessIdentity): Promise<Liveness> {
  const here = await thisPlace();
  if (identity.host !== here.host) return "unknown";
  if (identity.boot !== here.boot) {
    const sameMachine = identity.machine !== null && identity.machine === here.machine;
    return sameMachine && identity.boot !== null && here.boot !== null ? "ended" : "unknown";
  }
  if (identity.space !== here.space) return "unknown";
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return "ended";
  }
  const started = await startOf(identity.pid);
  if (identity.started === null || started === null) return "unknown";
  return started === identity.started ? "running" : "ended";
}

type Place = Pick<ProcessIdentity, "host" | "machine" | "boot" | "space">;

async function thisPlace(): Promise<Place> {
  const text = (work: Promise<string>) => work.then((value) => value.trim() || null).catch(() => null);
  const [machine, boot, space] = await Promise.all([
    text(readFile("/etc/machine-id", "utf8")),
    text(readFile("/proc/sys/kernel/random/boot_id", "utf8")),
    text(readlink("/proc/self/ns/pid")),
  ]);
  return { host: hostname(), machine, boot, space };
}

async function startOf(pid: number): Promise<string | null> {
  try {
    if (process.platform === "linux") {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8");
      // proc(5): starttime is field 22; the command in field 2 may hold spaces and brackets, so count behind it.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      // A zombie holds its number but runs no more.
      if (fields[0] === "Z" || fields[0] === "X") return "ended";
      return fields[19] ?? null;
    }
    if (process.platform === "win32") return null;
    // The same words whatever the zone and language of the process that asks.
    const env = { ...process.env, TZ: "UTC", LC_ALL: "C" };
    const { stdout } = await promisify(execFile)("ps", ["-o", "lstart=", "-p", String(pid)], { env });
    return stdout.trim() || null;
  } catch {
    return null;
  }
}
