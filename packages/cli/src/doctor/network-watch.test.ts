import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, it } from "vitest";
import { watchNetwork } from "./network-watch.ts";

it("counts what is opened while it watches: a fault, unless the settings name what uses the network", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  for (const [allowed, status] of [
    [[], "fail"],
    [["the store s3://bucket/x"], "warn"],
  ] as const) {
    const network = watchNetwork();
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    await once(socket, "connect");
    const finding = await network.finding(allowed);
    expect(finding.status).toBe(status);
    for (const name of allowed) expect(finding.text).toContain(name);
    socket.destroy();
  }
  server.close();
});
