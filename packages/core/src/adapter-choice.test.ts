import { describe, expect, it } from "vitest";
import { configuredAdapter } from "./adapter-choice.ts";

describe("configuredAdapter", () => {
  const own = { defaultAdapter: "house" };

  it("is the settings' adapter", () => {
    expect(configuredAdapter({ adapter: { name: "mine", scale: 0.5 }, adapters: [] }, own)).toEqual({
      name: "mine",
      scale: 0.5,
    });
  });

  it("else the model's default", () => {
    expect(configuredAdapter({ adapters: [] }, own)).toEqual({ name: "house" });
    expect(configuredAdapter({ adapters: [] }, { defaultAdapter: undefined })).toBeUndefined();
  });

  it("but not where the caller lists adapters and names none", () => {
    expect(configuredAdapter({ adapters: ["mine.gguf"] }, own)).toBeUndefined();
  });
});
