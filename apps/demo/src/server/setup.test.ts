import type { AdvisorStatus } from "@advisor/core";
import { describe, expect, it } from "vitest";
import { setupView } from "./setup.ts";

const adapter = (name: string) => ({
  name,
  manifest: { name, description: `${name}'s behaviour` },
  warnings: [],
});
const status = (defaults: object) =>
  ({
    model: { name: "m", architecture: "llama", parameters: 1, quantization: "F16", device: "cpu" },
    adapters: [adapter("first"), adapter("second")],
    defaults: { mode: "retrieval", grounding: "cited", topK: 4, ...defaults },
    warnings: [],
  }) as unknown as AdvisorStatus;

describe("setupView", () => {
  it("shows the adapter that the page's questions use, not the first one loaded", () => {
    expect(setupView(status({ adapter: "second" })).adapter).toEqual({
      name: "second",
      description: "second's behaviour",
    });
    expect(setupView(status({})).adapter).toBeNull();
  });
});
