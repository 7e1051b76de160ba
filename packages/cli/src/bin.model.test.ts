import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const bin = fileURLToPath(new URL("../bin/advisor.js", import.meta.url));
const built = existsSync(new URL("../dist/main.js", import.meta.url));

function start(...argv: string[]) {
  const child = spawn(process.execPath, [bin, ...argv], { stdio: ["ignore", "pipe", "pipe"] });
  let err = "";
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const ended = new Promise<{ code: number | null; err: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, err }));
  });
  return { child, ended };
}

// `npm test` builds first; without a build there is no command to start.
describe.skipIf(!built)("the command as a process", () => {
  it("ends quietly when its reader has gone", async () => {
    const { child, ended } = start("--help");
    child.stdout.destroy();
    expect(await ended).toEqual({ code: 0, err: "" });
  });

  it("ends with the exit code of the command", async () => {
    const { child, ended } = start("ask", "--json", "x", "--mode", "no-such-mode");
    child.stdout.resume();
    const { code, err } = await ended;
    expect(code).toBe(2);
    expect(JSON.parse(err)).toMatchObject({ error: { code: "unknown_mode" } });
  });
});
