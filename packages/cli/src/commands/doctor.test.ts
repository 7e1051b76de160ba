import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ModelError, StoreError } from "@advisor/contracts";
import type { AdvisorSettings } from "@advisor/core";
import { describe, expect, it } from "vitest";
import { fakeCore, type Script, status } from "../../test/fake-advisor.ts";
import { inFolder, json, type Ran, runCli } from "../../test/run-cli.ts";
import type { Finding } from "../doctor/finding.ts";

const tenants = [{ tenant: "default", documents: 31, chunks: 1204 }];
const healthy: Script = {
  hardware: async () => ({
    cpu: { model: "a", cores: 4, mathCores: 2, features: ["AVX2", "FMA"] },
    memoryBytes: 1,
    gpu: null,
    llamaCpp: { release: "b1234", build: "prebuilt" },
  }),
  roles: ["hr"],
  status: async () => status({ store: { ...status().store, tenants } }),
};

function doctor(
  script: Script,
  options: { readonly store?: boolean; readonly argv?: string[] } = {},
): Promise<Ran> {
  return inFolder((cwd) => {
    if (options.store !== false) mkdirSync(join(cwd, ".advisor"));
    return runCli(["doctor", ...(options.argv ?? [])], { core: fakeCore(script), cwd });
  });
}

const findings = (ran: Ran) => json(ran).findings as Finding[];
const named = (ran: Ran, name: string) => findings(ran).find((finding) => finding.name === name);

describe("doctor", () => {
  it("says line by line what runs here", async () => {
    const ran = await doctor(healthy);
    expect(ran.code).toBe(0);
    for (const title of ["Machine", "Models", "Store", "Access"]) expect(ran.out).toContain(`${title}\n`);
    expect(ran.out).toContain(`  ok    node       Node ${process.versions.node}\n`);
    expect(ran.out).toMatch(/ {2}ok {4}cpu .*cores?,/);
    expect(ran.out).toContain(
      "  ok    llama.cpp  release b1234, prebuilt, computes on 2 cores with AVX2, FMA\n",
    );
    expect(ran.out).toMatch(/ {2}ok {4}model {6}nano, llama, 7 M parameters, Q8_0, context 1,024 tokens,/);
    expect(ran.out).toContain("  ok    tenant     default: 31 pages, 1,204 chunks\n");
    expect(ran.out).toContain("nobody is named, so you ask as administrator of the tenant");
    expect(ran.out).toMatch(/ {2}ok {4}network {4}off:/);
    for (const line of ran.out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("says the same to machines", async () => {
    const ran = await doctor(healthy, { argv: ["--json"] });
    expect(json(ran).ok).toBe(true);
    const names = findings(ran).map(({ name }) => name);
    expect(names).toEqual(
      "node system cpu memory llama.cpp model gpu adapter embedder store tenant principal network".split(" "),
    );
    expect(named(ran, "network")).toMatchObject({ status: "ok", facts: { connections: 0 } });
    expect(named(ran, "cpu")?.facts).toMatchObject({ cores: expect.any(Number) });
  });

  it("only warns of a store that is not there yet, and makes none", async () => {
    const ran = await doctor(healthy, { store: false, argv: ["--json"] });
    expect(ran.code).toBe(0);
    expect(named(ran, "store")).toMatchObject({
      status: "warn",
      nextStep: "Make it with `advisor sync FOLDER`",
    });
  });

  it("ends with 1 when a model does not load, and still looks at the rest", async () => {
    const error = new ModelError({
      code: "model_missing",
      subject: "m.gguf",
      reason: "gone",
      nextStep: "Fetch it",
    });
    const ran = await doctor(
      {
        ...healthy,
        status: async () => {
          throw error;
        },
      },
      { argv: ["--json"] },
    );
    expect(ran.code).toBe(1);
    expect(json(ran).ok).toBe(false);
    expect(named(ran, "model")).toMatchObject({ status: "fail", text: "m.gguf: gone", nextStep: "Fetch it" });
    expect(named(ran, "embedder")?.status).toBe("ok");
  });

  it("says so when llama.cpp does not run here", async () => {
    const ran = await doctor(
      {
        ...healthy,
        hardware: async () => {
          throw new ModelError({
            code: "model_failed",
            subject: "llama.cpp",
            reason: "it has no binary that runs on this machine",
            nextStep: "Install it",
          });
        },
      },
      { argv: ["--json"] },
    );
    expect(ran.code).toBe(1);
    expect(named(ran, "llama.cpp")).toMatchObject({ status: "fail", nextStep: "Install it" });
  });

  it("tells a broken embedder from a working model", async () => {
    const ran = await doctor(
      { ...healthy, warmUp: () => Promise.reject(new Error("bad onnx")) },
      { argv: ["--json"] },
    );
    expect(ran.code).toBe(1);
    expect(named(ran, "model")?.status).toBe("ok");
    expect(named(ran, "embedder")).toMatchObject({ status: "fail", text: "bad onnx" });
  });

  it("tells a broken reranker from a working embedder, and once", async () => {
    const argv = ["--reranker", "cross", "--rerank-depth", "20"];
    const json = await doctor(healthy, { argv: [...argv, "--json"] });
    expect(named(json, "reranker")).toMatchObject({ status: "ok", text: "cross, found and works" });

    const core = fakeCore(healthy);
    const failing = {
      ...core,
      createAdvisor: async (settings: AdvisorSettings = {}) => {
        const advisor = await core.createAdvisor(settings);
        const fails = () => Promise.reject(new Error("bad cross-encoder"));
        return settings.reranker ? { ...advisor, warmUp: fails, status: fails, roles: fails } : advisor;
      },
    };
    const ran = await inFolder((cwd) => {
      mkdirSync(join(cwd, ".advisor"));
      return runCli(["doctor", "--json", ...argv], { core: failing, cwd });
    });
    expect(ran.code).toBe(1);
    expect(named(ran, "embedder")?.status).toBe("ok");
    expect(findings(ran).filter(({ status }) => status === "fail")).toMatchObject([
      { name: "reranker", text: "bad cross-encoder" },
    ]);
    expect(core.settings.find(({ reranker }) => reranker)).toMatchObject({
      reranker: expect.stringMatching(/cross$/),
      rerankDepth: 20,
    });
  });

  it("tells of a store that does not open", async () => {
    let calls = 0;
    const error = new StoreError({
      code: "store_corrupt",
      subject: "s",
      reason: "torn",
      nextStep: "Sync anew",
    });
    const ran = await doctor(
      {
        ...healthy,
        status: async () => {
          if (calls++ > 0) throw error;
          return status();
        },
      },
      { argv: ["--json"] },
    );
    expect(ran.code).toBe(1);
    expect(named(ran, "store")).toMatchObject({
      status: "fail",
      text: "s: torn",
      facts: { code: "store_corrupt" },
    });
  });

  it("names the process that is writing to the store", async () => {
    const writer = "process 42 on host (node sync), since noon";
    const ran = await doctor(
      { ...healthy, status: async () => status({ store: { ...status().store, tenants, writer } }) },
      { argv: ["--json"] },
    );
    expect(ran.code).toBe(0);
    expect(named(ran, "writer")).toMatchObject({ status: "warn", text: expect.stringContaining(writer) });
  });

  it("names an unknown role as what must be put right", async () => {
    const ran = await doctor(healthy, { argv: ["--json", "--role", "nobody"] });
    expect(ran.code).toBe(1);
    expect(named(ran, "principal")).toMatchObject({
      status: "fail",
      text: expect.stringContaining("--role nobody"),
    });
    expect((await doctor(healthy, { argv: ["--role", "hr"] })).out).toContain(
      "you ask as hr of the tenant default",
    );
  });

  it("notices a connection that is opened", async () => {
    const { connect, createServer } = await import("node:net");
    const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const ran = await doctor(
      {
        ...healthy,
        warmUp: () =>
          new Promise((resolve) => {
            connect(port, "127.0.0.1")
              .once("close", () => resolve())
              .resume();
          }),
      },
      { argv: ["--json"] },
    );
    await new Promise((resolve) => server.close(resolve));
    expect(ran.code).toBe(1);
    expect(named(ran, "network")?.status).toBe("fail");
  });
});
