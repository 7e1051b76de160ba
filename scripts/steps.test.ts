import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { closingLine } from "./closing-line.mjs";
import { installationKey, isInstalled, runStep, StepFailure, seconds, workspaceFolders } from "./steps.mjs";

const report = (over: object) => ({
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...over,
});

describe("the closing line of npm test", () => {
  it("counts what passed and failed", () => {
    expect(closingLine(report({}), 0)).toEqual({ text: "3 passed, 0 failed", code: 0 });
    expect(closingLine(report({ numFailedTests: 2 }), 1)).toEqual({ text: "3 passed, 2 failed", code: 1 });
  });

  it("counts a file that could not be loaded as a failure", () => {
    const testResults = [{ status: "failed", assertionResults: [] }];
    expect(closingLine(report({ testResults }), 1).text).toBe("3 passed, 1 failed");
  });

  it("does not count a file twice whose tests failed", () => {
    const testResults = [{ status: "failed", assertionResults: [{ status: "failed" }] }];
    expect(closingLine(report({ numFailedTests: 1, testResults }), 1).text).toBe("3 passed, 1 failed");
  });

  it("names skipped tests, and errors outside the tests", () => {
    expect(closingLine(report({ numPendingTests: 1, numTodoTests: 1 }), 0).text).toBe(
      "3 passed, 0 failed, 2 skipped",
    );
    expect(closingLine(report({}), 1)).toEqual({
      text: "3 passed, 0 failed (an error outside the tests, see above)",
      code: 1,
    });
  });

  it("never calls a run without a report a success", () => {
    expect(closingLine(undefined, 0)).toEqual({
      text: "0 passed, 1 failed (the test runner did not finish)",
      code: 1,
    });
  });
});

describe("what is installed", () => {
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), "advisor-steps-"));
    mkdirSync(join(base, "packages/one/node_modules"), { recursive: true });
    mkdirSync(join(base, "node_modules/.advisor"), { recursive: true });
    writeFileSync(join(base, "pnpm-lock.yaml"), "lock: 1\n");
    writeFileSync(join(base, "pnpm-workspace.yaml"), "packages: []\n");
    writeFileSync(join(base, "package.json"), '{"devDependencies":{"a":"1"}}');
    writeFileSync(join(base, "packages/one/package.json"), '{"dependencies":{"a":"1"}}');
    writeFileSync(join(base, "node_modules/.advisor/installed"), `${installationKey(base)}\n`);
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  it("is in step while nothing changed", () => {
    expect(workspaceFolders(base)).toEqual([".", "packages/one"]);
    expect(isInstalled(base)).toBe(true);
  });

  it("is not in step after the lockfile or a package.json changed", () => {
    writeFileSync(join(base, "pnpm-lock.yaml"), "lock: 2\n");
    expect(isInstalled(base)).toBe(false);
    writeFileSync(join(base, "pnpm-lock.yaml"), "lock: 1\n");
    expect(isInstalled(base)).toBe(true);
    writeFileSync(join(base, "packages/one/package.json"), '{"dependencies":{"a":"2"}}');
    expect(isInstalled(base)).toBe(false);
  });

  it("is not in step without its marker or a package's folder", () => {
    rmSync(join(base, "packages/one/node_modules"), { recursive: true });
    expect(isInstalled(base)).toBe(false);
    mkdirSync(join(base, "packages/one/node_modules"));
    rmSync(join(base, "node_modules/.advisor/installed"));
    expect(isInstalled(base)).toBe(false);
  });
});

describe("a step", () => {
  let shown: string;
  const stream = () => {
    shown = "";
    return new Writable({
      write(chunk, _encoding, done) {
        shown += String(chunk);
        done();
      },
    });
  };
  const node = (script: string) => ({
    title: "Working",
    command: process.execPath,
    args: ["-e", script],
    nextStep: "Try again",
    stream: stream(),
  });

  it("hides its output while all is well", async () => {
    await runStep(node("console.log('noise')"));
    expect(shown).toMatch(/^✓ Working {2}\d+\.\d s\n$/);
  });

  it("shows its output when it fails, and says what to do", async () => {
    const failure = runStep(node("console.log('out'); console.error('the reason'); process.exit(7)"));
    await expect(failure).rejects.toThrow(/exit code 7.*Try again/);
    await expect(failure).rejects.toBeInstanceOf(StepFailure);
    expect(shown).toContain("✗ Working");
    expect(shown).toContain("out\n");
    expect(shown).toContain("the reason\n");
  });

  it("names a program that cannot be started", async () => {
    const failure = runStep({ ...node(""), command: "no-such-program-here" });
    await expect(failure).rejects.toThrow(/no-such-program-here could not be started.*Try again/);
  });

  it("tells time as people read it", () => {
    expect(seconds(940)).toBe("0.9 s");
    expect(seconds(125_400)).toBe("2 min 5 s");
  });
});
