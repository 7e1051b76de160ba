import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readdir, readFile, readlink } from "node:fs/promises";
import type { Finding } from "./finding.ts";

/** Node tells of each connection it opens on these: sockets, and the requests of `fetch`. */
const CHANNELS = ["net.client.socket", "undici:request:create"];

/**
 * Counts the connections that this process opens until it is asked. `allowed` names what the settings let use the network;
 * without any, a connection is a fault.
 */
export function watchNetwork(): { finding(allowed: readonly string[]): Promise<Finding>; stop(): void } {
  let opened = 0;
  const count = () => {
    opened++;
  };
  for (const channel of CHANNELS) subscribe(channel, count);
  const stop = () => {
    for (const channel of CHANNELS) unsubscribe(channel, count);
  };
  return {
    stop,
    async finding(allowed) {
      stop();
      const native = await internetSockets();
      const total = opened + (native ?? 0);
      if (total === 0) {
        return {
          section: "access",
          name: "network",
          status: "ok",
          text: `off: loading all of the above opened no connection${native === undefined ? " from Node" : ""}; models come from files, and downloads are switched off in every library`,
          facts: { connections: 0 },
        };
      }
      if (allowed.length > 0) {
        return {
          section: "access",
          name: "network",
          status: "warn",
          text: `${total} connections were opened: the settings name ${allowed.join(" and ")}, which the network leads to`,
          facts: { connections: total, allowed },
        };
      }
      return {
        section: "access",
        name: "network",
        status: "fail",
        text: `${total} connections were opened while loading the above`,
        nextStep: "Nothing here should: report it with the output of `advisor doctor --json`",
        facts: { connections: total },
      };
    },
  };
}

/** Internet sockets that this process holds, native code's included. Undefined where the kernel does not tell. */
async function internetSockets(): Promise<number | undefined> {
  try {
    const descriptors = await readdir("/proc/self/fd");
    const links = await Promise.all(
      descriptors.map((descriptor) => readlink(`/proc/self/fd/${descriptor}`).catch(() => "")),
    );
    const own = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]).filter(Boolean));
    const tables = await Promise.all(
      ["tcp", "tcp6", "udp", "udp6"].map((name) =>
        readFile(`/proc/self/net/${name}`, "utf8").catch(() => ""),
      ),
    );
    const rows = tables.flatMap((table) => table.trim().split("\n").slice(1));
    // Its tenth column is the socket's inode (proc_pid_net(5)).
    return rows.filter((row) => own.has(row.trim().split(/\s+/)[9])).length;
  } catch {
    return undefined;
  }
}
