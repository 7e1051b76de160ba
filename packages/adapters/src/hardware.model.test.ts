import { describe, expect, it } from "vitest";
import { hardware, parseFeatures } from "./hardware.ts";

describe("hardware", () => {
  it("says what runs here", async () => {
    const found = await hardware();
    expect(found.cpu.cores).toBeGreaterThan(0);
    expect(found.cpu.mathCores).toBeGreaterThan(0);
    expect(found.cpu.model).not.toBe("");
    expect(found.memoryBytes).toBeGreaterThan(128 * 1024 * 1024);
    expect(found.llamaCpp.release).toMatch(/\d/);
    expect(found.llamaCpp.build).toBe("prebuilt");
    if (found.gpu) expect(found.gpu.devices.length).toBeGreaterThan(0);
  });

  it("reads llama.cpp's line of features", () => {
    expect(parseFeatures("CPU : SSE3 = 1 | AVX512 = 0 | AVX2 = 1 | REPACK = 1 | ")).toEqual([
      "SSE3",
      "AVX2",
      "REPACK",
    ]);
  });
});
