import { fileURLToPath } from "node:url";
import type { GenerateRequest, GenerateResult, Generator } from "@advisor/contracts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadModel } from "./load-model.ts";

const path = fileURLToPath(new URL("../../nano/models/nano-base.q8_0.gguf", import.meta.url));
const messages = [
  { role: "system", content: "Answer from the sources. Quote and cite." },
  {
    role: "user",
    content: "[1] Leave: \nEmployees get 25 days of leave.\n\nQuestion: How many days?",
  },
] as const;

let generator: Generator;
beforeAll(async () => {
  generator = await loadModel({ path });
});
afterAll(() => generator.dispose());

async function run(request: Partial<GenerateRequest> = {}): Promise<GenerateResult> {
  let text = "";
  for await (const event of generator.generate({ messages, ...request })) {
    if (event.type === "text") text += event.text;
    else {
      expect(event.result.text).toBe(text);
      return event.result;
    }
  }
  throw new Error("no done event");
}

it("streams an answer", async () => {
  const result = await run();
  expect(result.text).toBe("Employees get 25 days of leave. [1]");
  expect(result.finish).toBe("stop");
});
