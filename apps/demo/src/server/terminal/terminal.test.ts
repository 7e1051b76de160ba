import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startStep } from "./progress.ts";
import { painter } from "./style.ts";
import { length, wrap } from "./wrap.ts";

function stream(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, columns: 60, write: (text: string) => written.push(text), written };
}

describe("wrap", () => {
  it("keeps every word, in order, and no line longer than asked unless a word is", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 120 }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        const lines = wrap(text, width);
        expect(lines.join(" ").split(/\s+/)).toEqual(text.trim().split(/\s+/));
        for (const line of lines) expect(length(line) <= width || !line.includes(" ")).toBe(true);
      }),
    );
  });

  it("keeps line breaks", () => {
    expect(wrap("one two\nthree", 80)).toEqual(["one two", "three"]);
  });
});

describe("painter", () => {
  it("colours a terminal alone, and not one that does not want it", () => {
    expect(painter(stream(true), {})("red", "x")).toContain("\u001b[");
    expect(painter(stream(false), {})("red", "x")).toBe("x");
    expect(painter(stream(true), { NO_COLOR: "1" })("red", "x")).toBe("x");
    expect(painter(stream(true), { TERM: "dumb" })("red", "x")).toBe("x");
  });
});

describe("startStep", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("shows on a terminal how far it is, within the line", () => {
    const out = stream(true);
    const step = startStep("Reading", out);
    step.onProgress({ stage: "sync", done: 3, total: 36, unit: "files", subject: "x".repeat(90) });
    vi.advanceTimersByTime(1000);
    const line = out.written.at(-1) ?? "";
    expect(line).toContain("3 of 36 files");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is sent
    expect(line.replace(/\u001b\[[0-9;]*[mK]|\r/g, "").length).toBeLessThanOrEqual(60);
    step.end("36 new");
    const written = out.written.length;
    vi.advanceTimersByTime(5000);
    expect(out.written).toHaveLength(written);
  });

  it("says elsewhere after a second what is being done, and how it ended", () => {
    const out = stream(false);
    const step = startStep("Reading", out);
    vi.advanceTimersByTime(999);
    expect(out.written).toEqual([]);
    vi.advanceTimersByTime(20);
    expect(out.written).toEqual(["  Reading … 1.0 s\n"]);
    step.end("36 new");
    expect(out.written.join("")).toMatch(/^ {2}Reading … 1\.0 s\n✓ Reading {2}1\.0 s {2}36 new\n$/);
  });

  it("says nothing before its end when the work is quick", () => {
    const out = stream(false);
    startStep("Reading", out).fail();
    expect(out.written).toEqual(["✗ Reading  0.0 s\n"]);
  });
});
