import { BadInputError, StoreError } from "@advisor/contracts";
import { describe, expect, it } from "vitest";
import { changes, fakeCore } from "../test/fake-advisor.ts";
import { json, runCli } from "../test/run-cli.ts";

describe("advisor", () => {
  it("shows its help when nothing is asked of it, without loading the SDK", async () => {
    const ran = await runCli([]);
    expect(ran.code).toBe(0);
    for (const command of ["sync", "watch", "check", "search", "ask", "chat", "adapters", "doctor"]) {
      expect(ran.out).toContain(`\n  ${command} `);
    }
    expect(ran.err).toBe("");
    expect((await runCli(["--help"])).out).toBe(ran.out);
  });

  it("has a help for each command that fits 80 columns", async () => {
    const commands = [
      "sync",
      "watch",
      "check",
      "search",
      "ask",
      "chat",
      "adapters",
      "adapters add",
      "doctor",
    ];
    for (const command of commands) {
      const ran = await runCli([...command.split(" "), "--help"]);
      expect(ran.code).toBe(0);
      expect(ran.out).toContain(`Usage: advisor ${command}`);
      for (const line of ran.out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    }
  });

  it("prints its version", async () => {
    expect((await runCli(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [["no-such-command"], /unknown command 'no-such-command'/],
    [["aks", "x"], /Did you mean ask\?/],
    [["sync"], /missing required argument 'folders'/],
    [["ask", "--no-such-flag", "x"], /unknown option '--no-such-flag'.*behind --/],
    [["ask", "--store"], /option '--store <folder>' argument missing/],
    [["adapters", "add", "x.gguf"], /required option '--base <file>' not specified/],
    [["doctor", "a"], /too many arguments/],
  ])("calls %j wrong use", async (argv, message) => {
    const ran = await runCli(argv);
    expect(ran.code).toBe(2);
    expect(ran.out).toBe("");
    expect(ran.err).toMatch(message);
    expect(ran.err).toContain("--help");
    expect(ran.err.trim().split("\n")).toHaveLength(1);
  });

  it("tells wrong use to machines as JSON on standard error", async () => {
    const ran = await runCli(["ask", "--json", "--no-such-flag"]);
    expect(ran.code).toBe(2);
    expect(ran.out).toBe("");
    expect(JSON.parse(ran.err)).toMatchObject({ error: { code: "usage" } });
  });
});

describe("errors", () => {
  const failing = (error: unknown) =>
    fakeCore({
      sync: async () => {
        throw error;
      },
    });
  const options = { subject: "the thing", reason: "it went wrong", nextStep: "Do that" };

  it("end with exit code 1 when something failed, in one line", async () => {
    const core = failing(new StoreError({ code: "store_failed", ...options }));
    const ran = await runCli(["sync", "docs"], { core });
    expect(ran).toEqual({ code: 1, out: "", err: "error  the thing: it went wrong. Do that.\n" });
    expect(core.disposed).toBe(1);
  });

  it("end with exit code 2 when the call was wrong", async () => {
    const core = failing(new BadInputError({ code: "folder_missing", ...options }));
    expect((await runCli(["sync", "docs"], { core })).code).toBe(2);
  });

  it("are JSON on standard error for machines, and nothing else is written", async () => {
    const core = failing(new StoreError({ code: "store_locked", ...options }));
    const ran = await runCli(["sync", "docs", "--json"], { core });
    expect(ran.code).toBe(1);
    expect(ran.out).toBe("");
    expect(JSON.parse(ran.err)).toEqual({
      error: { code: "store_locked", message: "the thing: it went wrong. Do that.", ...options },
    });
  });

  it("that were not expected are one line, with their stack only when it is wanted", async () => {
    const core = failing(new TypeError("x is not a function\n  at somewhere"));
    const ran = await runCli(["sync", "docs"], { core });
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/^error {2}advisor: x is not a function\. .*ADVISOR_DEBUG=1.*\n$/);
    const verbose = await runCli(["sync", "docs"], { core, env: { ADVISOR_DEBUG: "1" } });
    expect(verbose.err).toContain("run.test.ts");
  });

  it("cannot carry terminal control sequences out of a file name", async () => {
    const core = failing(new StoreError({ ...options, code: "store_failed", subject: "a\u001b[2Jb" }));
    expect((await runCli(["sync", "docs"], { core })).err).toContain("ab: it went wrong");
  });
});

describe("an interruption", () => {
  it("aborts the work, says how to go on, and ends with 130", async () => {
    let interrupt = () => {};
    const core = fakeCore({
      sync: (_folder, options) =>
        new Promise((_, reject) => {
          options?.signal?.addEventListener("abort", () => reject(options.signal?.reason));
          interrupt();
        }),
    });
    const ran = await runCli(["sync", "docs"], {
      core,
      onStart: (send) => {
        interrupt = send;
      },
    });
    expect(ran.code).toBe(130);
    expect(ran.err).toContain(
      "interrupted. What was stored stays stored; run the same command again to finish.",
    );
    expect(core.disposed).toBe(1);
  });

  it("by SIGTERM ends with 143", async () => {
    let interrupt: (kind: "SIGTERM") => void = () => {};
    const core = fakeCore({
      sync: async (_folder, options) => {
        interrupt("SIGTERM");
        options?.signal?.throwIfAborted();
        return changes();
      },
    });
    const ran = await runCli(["sync", "docs", "--json"], {
      core,
      onStart: (send) => {
        interrupt = send;
      },
    });
    expect(ran.code).toBe(143);
    expect(ran.out).toBe("");
    expect(JSON.parse(ran.err)).toMatchObject({ error: { code: "cancelled" } });
  });
});

describe("colour", () => {
  const core = () => fakeCore({ sync: async () => changes() });

  it("is for terminals alone, and NO_COLOR and FORCE_COLOR are obeyed", async () => {
    const coloured = async (options: object) =>
      (await runCli(["sync", "docs"], { core: core(), ...options })).out.includes("\u001b[");
    expect(await coloured({ env: {} })).toBe(false);
    expect(await coloured({ env: {}, columns: 80 })).toBe(true);
    expect(await coloured({ env: { NO_COLOR: "1" }, columns: 80 })).toBe(false);
    expect(await coloured({ env: { TERM: "dumb" }, columns: 80 })).toBe(false);
    expect(await coloured({ env: { FORCE_COLOR: "1" } })).toBe(true);
  });
});

describe("sync", () => {
  it("hands folder, tenant, default roles and source on, and prints what was done", async () => {
    const seen: unknown[] = [];
    const core = fakeCore({
      sync: async (folder, options) => {
        seen.push(folder, options?.tenant, options?.defaultRoles, options?.source);
        return changes({
          changed: ["b.md"],
          unchanged: 1234,
          skipped: [{ uri: "x/photo.bin", reason: "it is not text" }],
          warnings: [{ code: "w", message: "a warning" }],
        });
      },
    });
    const argv =
      "sync docs --tenant acme --default-role staff,hr --default-role a\\,b --source wiki --store s";
    const ran = await runCli(argv.split(" "), { core, cwd: "/base" });
    expect(ran.code).toBe(0);
    expect(seen).toEqual(["/base/docs", "acme", ["staff", "hr", "a,b"], "wiki"]);
    expect(core.settings[0]).toMatchObject({ store: "/base/s", embedder: "nano" });
    expect(ran.out).toBe(
      [
        "Synced docs into s in 420 ms",
        "  added          1",
        "  changed        1",
        "  removed        0",
        "  unchanged  1,234",
        "  skipped        1",
        "  3 chunks written",
        "",
        "Skipped",
        "  x/photo.bin  it is not text",
        "",
      ].join("\n"),
    );
    expect(ran.err).toBe("warning  a warning\n");
  });

  it("prints one JSON object for machines", async () => {
    const core = fakeCore({ sync: async () => changes() });
    const ran = await runCli(["sync", "docs", "--json"], { core, cwd: "/base" });
    expect(json(ran)).toEqual({ folder: "docs", store: "/base/.advisor", tenant: "default", ...changes() });
    expect(ran.err).toBe("");
  });

  it("lists pages with --verbose", async () => {
    const core = fakeCore({ sync: async () => changes({ removed: ["old.md"] }) });
    const ran = await runCli(["sync", "docs", "--verbose"], { core });
    expect(ran.out).toContain("\nAdded\n  people/leave.md\n");
    expect(ran.out).toContain("\nRemoved\n  old.md\n");
  });
});
