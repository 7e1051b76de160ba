import { describe, expect, it } from "vitest";
import { defaultAdapter } from "./adapter-choice.ts";

describe("defaultAdapter", () => {
  const card = { defaultAdapter: "house" };
  const loaded = [{ name: "other" }, { name: "house" }];

  it("is the settings', loaded or not", () => {
    const adapter = { name: "mine", scale: 0.5 };
    expect(defaultAdapter({ adapter, adapters: [] }, card, loaded)).toEqual(adapter);
  });

  it("else the one that the model's card names, where it is loaded", () => {
    expect(defaultAdapter({ adapters: [] }, card, loaded)).toEqual({ name: "house" });
    expect(defaultAdapter({ adapters: [] }, { defaultAdapter: "gone" }, loaded)).toBeUndefined();
    expect(defaultAdapter({ adapters: [] }, { defaultAdapter: undefined }, loaded)).toBeUndefined();
  });

  it("but not where the caller lists adapters", () => {
    expect(defaultAdapter({ adapters: ["mine.gguf"] }, card, loaded)).toBeUndefined();
  });

  it("else the only one loaded", () => {
    expect(defaultAdapter({ adapters: ["mine.gguf"] }, card, [{ name: "mine" }])).toEqual({ name: "mine" });
    expect(defaultAdapter({ adapters: [] }, { defaultAdapter: undefined }, [])).toBeUndefined();
  });
});
