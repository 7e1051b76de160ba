import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";

/** The only address it listens on: nothing outside this machine can reach it. */
const LOOPBACK = "127.0.0.1";
/** Ports tried after the one asked for. */
const PORTS_TRIED = 20;
/** Times that a slow or silent client may hold a connection without having asked for anything. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 64;

export interface Listening {
  readonly port: number;
  readonly url: string;
  /** Ends open requests and frees the port. */
  close(): Promise<void>;
}

/** Listens on the loopback, at `port` or the next free one. Port 0 takes any free one. */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  port: number,
): Promise<Listening> {
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;

  const last = Math.min(port + PORTS_TRIED, 65_535);
  for (let candidate = port; ; candidate += 1) {
    try {
      await tryPort(server, candidate);
      break;
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (!taken || port === 0 || candidate >= last) throw error;
    }
  }
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return {
    port: address.port,
    url: `http://${LOOPBACK}:${address.port}/`,
    close: () =>
      new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

function tryPort(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      server.off("listening", listening);
      reject(error);
    };
    const listening = () => {
      server.off("error", failed);
      resolve();
    };
    server.once("error", failed);
    server.once("listening", listening);
    server.listen(port, LOOPBACK);
  });
}
