import { describe, expect, it } from "vitest";
import { parseArguments } from "./arguments.ts";

describe("parseArguments", () => {
  it.each([
    [[], { once: false, port: 4173, help: false }],
    [["--once"], { once: true, port: 4173, help: false }],
    [["--port", "0"], { once: false, port: 0, help: false }],
    [["--port=8080", "--once"], { once: true, port: 8080, help: false }],
    [["-h"], { once: false, port: 4173, help: true }],
  ])("reads %j", (args, value) => {
    expect(parseArguments(args)).toEqual({ ok: true, value });
  });

  it.each([
    [["--port"], "--port"],
    [["--port", "http"], "http"],
    [["--port", "65536"], "65536"],
    [["--port", "-1"], "-1"],
    [["--ponce"], "--ponce"],
    [["4173"], "4173"],
  ])("refuses %j and names it", (args, name) => {
    const parsed = parseArguments(args);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.message).toContain(name);
  });
});
