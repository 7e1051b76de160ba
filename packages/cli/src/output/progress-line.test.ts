import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Host } from "../host.ts";
import { createProgressLine } from "./progress-line.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function start(options: { readonly columns?: number; readonly json?: boolean } = {}) {
  let written = "";
  const stderr = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  const { columns } = options;
  const host = {
    stderr: columns === undefined ? stderr : Object.assign(stderr, { isTTY: true, columns }),
    env: { NO_COLOR: "1" },
  } as unknown as Host;
  const line = createProgressLine(host, { json: options.json === true });
  return { line, all: () => written, last: () => stripVTControlCharacters(written.split("\r").at(-1) ?? "") };
}

const event = (done: number) => ({
  stage: "embedding",
  done,
  total: 8,
  unit: "chunks",
  subject: "a\u001b[2J.md",
});

describe("the progress line", () => {
  it("shows nothing of what is done soon", () => {
    for (const columns of [80, undefined]) {
      const { line, all } = start(columns === undefined ? {} : { columns });
      line.say("Loading");
      vi.advanceTimersByTime(500);
      line.end();
      expect(all()).toBe("");
    }
  });

  it("is redrawn in place on a terminal, fits it, and leaves nothing behind", () => {
    const { line, all, last } = start({ columns: 72 });
    line.show(event(2));
    vi.advanceTimersByTime(1000);
    expect(last()).toMatch(/^\S Embedding {2}━{5}┄{15} {2}2 of 8 chunks {2}a\.md$/);
    line.show(event(6));
    vi.advanceTimersByTime(100);
    expect(last()).toContain("6 of 8 chunks");
    expect(all()).not.toContain("\n");
    line.end();
    expect(all().endsWith("\r\u001b[2K")).toBe(true);

    const narrow = start({ columns: 24 });
    narrow.line.show(event(3));
    vi.advanceTimersByTime(1000);
    expect(narrow.last().length).toBeLessThan(24);
  });

  it("makes way for other text, and comes back", () => {
    const { line, all } = start({ columns: 80 });
    line.say("Answering");
    vi.advanceTimersByTime(1000);
    line.pause();
    const before = all();
    vi.advanceTimersByTime(1000);
    expect(all()).toBe(before);
    line.say("Answering");
    vi.advanceTimersByTime(200);
    expect(all()).not.toBe(before);
  });

  it("is a line now and then where it cannot be redrawn", () => {
    const { line, all } = start();
    line.show(event(2));
    vi.advanceTimersByTime(2000);
    line.show(event(5));
    vi.advanceTimersByTime(9000);
    vi.advanceTimersByTime(1000);
    expect(all()).toBe("Embedding, 2 of 8 chunks (1.5 s)\nEmbedding, 5 of 8 chunks (11.5 s)\n");
  });

  it("leaves standard error to errors where a machine reads it", () => {
    const { line, all } = start({ json: true });
    line.show(event(2));
    vi.advanceTimersByTime(60_000);
    expect(all()).toBe("");
  });
});
