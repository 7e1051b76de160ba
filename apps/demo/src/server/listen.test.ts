import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fakeAdvisor } from "../testing/fake-advisor.ts";
import { fakePages } from "../testing/fake-pages.ts";
import { createApp } from "./app.ts";
import { type Listening, listen } from "./listen.ts";

const open: (Listening | Server)[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function start(
  fetch: (request: Request) => Response | Promise<Response>,
  port = 0,
): Promise<Listening> {
  const listening = await listen(fetch, port);
  open.push(listening);
  return listening;
}

async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(server);
  return (server.address() as AddressInfo).port;
}

function reachable(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 500 });
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}

describe("listen", () => {
  it("takes the next free port when the one asked for is taken", async () => {
    const taken = await takenPort();
    const listening = await start(() => new Response("here"), taken);
    expect(listening.port).toBeGreaterThan(taken);
    expect(await (await fetch(listening.url)).text()).toBe("here");
  });

  it("is reached on the loopback alone", async () => {
    const { port } = await start(() => new Response("here"));
    expect(await reachable("127.0.0.1", port)).toBe(true);
    const others = Object.values(networkInterfaces()).flatMap((list) =>
      (list ?? []).filter(({ internal, family }) => !internal && family === "IPv4"),
    );
    for (const { address } of others) expect(await reachable(address, port)).toBe(false);
  });

  it("frees its port when closed, open requests or not", async () => {
    const listening = await listen(() => new Response(new ReadableStream()), 0);
    const hanging = fetch(listening.url).then((response) => response.text());
    const failed = expect(hanging).rejects.toThrow();
    await vi.waitFor(async () => expect(await reachable("127.0.0.1", listening.port)).toBe(true));
    await listening.close();
    await failed;
    expect(await reachable("127.0.0.1", listening.port)).toBe(false);
  });

  it("stops the work behind an answer when the browser disconnects", async () => {
    const advisor = fakeAdvisor({ pages: fakePages, paceMs: 20 });
    let port = 0;
    const app = createApp({
      advisor,
      setup: {
        roles: [],
        samples: [],
        model: { name: "", architecture: "", parameters: 0, quantization: "", device: "" },
        adapter: null,
        grounding: "quoted",
        warnings: [],
      },
      page: new Map(),
      port: () => port,
    });
    const listening = await start((request) => app.fetch(request));
    port = listening.port;
    const abort = new AbortController();
    const response = await fetch(`${listening.url}api/ask`, {
      method: "POST",
      headers: { origin: `http://127.0.0.1:${port}`, "content-type": "application/json" },
      body: JSON.stringify({ question: "Can I return it?", role: "employee" }),
      signal: abort.signal,
    });
    expect(response.status).toBe(200);
    await response.body?.getReader().read();
    abort.abort();
    await vi.waitFor(() => expect(advisor.abandoned).toEqual(["base"]));
    expect(advisor.asked).toHaveLength(1);
  });
});
