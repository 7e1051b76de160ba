import { createFakeRetriever } from "@advisor/contracts/testing";
import { DynamicStructuredTool } from "@langchain/core/tools";
import { generateText, stepCountIs, tool } from "ai";
import { MockLanguageModelV3 } from "ai/test";
import { describe, expect, test } from "vitest";
import { EMPLOYEE, NOTICE, PAGES } from "../../test/fixture.ts";
import { forAiSdk, forLangChain } from "./frameworks.ts";
import { createSearchTool } from "./search-tool.ts";

async function search() {
  const retriever = createFakeRetriever();
  await retriever.upsert(PAGES);
  return createSearchTool(retriever, { principal: EMPLOYEE, name: "handbook" });
}

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};

/** A model of the AI SDK that calls the tool with these inputs, one a step, and then says a word. */
function caller(inputs: readonly unknown[]) {
  let step = 0;
  return new MockLanguageModelV3({
    doGenerate: async () => {
      const input = inputs[step++];
      const done = { unified: "stop", raw: undefined } as const;
      if (input === undefined) {
        return {
          content: [{ type: "text", text: "Three months. [1]" }],
          finishReason: done,
          usage,
          warnings: [],
        };
      }
      return {
        content: [
          { type: "tool-call", toolCallId: `c${step}`, toolName: "handbook", input: JSON.stringify(input) },
        ],
        finishReason: { unified: "tool-calls", raw: undefined },
        usage,
        warnings: [],
      };
    },
  });
}

describe("forAiSdk", () => {
  test("a model of the AI SDK calls the search and sees its passages", async () => {
    const handbook = await search();
    const model = caller([
      { query: "notice period", topK: 1 },
      { query: "pay", tenant: "other" },
    ]);
    const { text, steps } = await generateText({
      model,
      prompt: "How long is the notice period?",
      tools: { [handbook.name]: tool(forAiSdk(handbook)) },
      stopWhen: stepCountIs(4),
    });
    expect(text).toBe("Three months. [1]");
    expect(steps[0]?.toolResults[0]?.output).toMatchObject({
      passages: [{ n: 1, text: expect.stringContaining(NOTICE) }],
    });
    // What the model may say reaches it as JSON Schema, without a field for who asks.
    const offered = model.doGenerateCalls[0]?.tools?.[0];
    expect(offered).toMatchObject({
      name: "handbook",
      inputSchema: { additionalProperties: false, required: ["query"] },
    });
    // A field too many is refused before the search, and the model is told.
    expect(steps[1]?.toolResults).toEqual([]);
    expect(JSON.stringify(model.doGenerateCalls[2]?.prompt.at(-1))).toContain("tenant");
    expect(handbook.citations(`${NOTICE} [1]`)[0]?.verdict).toBe("verified");
  });

  test("an aborted run aborts the search", async () => {
    const handbook = await search();
    const { execute } = tool(forAiSdk(handbook));
    const options = { toolCallId: "c", messages: [], abortSignal: AbortSignal.abort() };
    await expect(execute?.({ query: "pay" }, options)).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("forLangChain", () => {
  test("a structured tool of LangChain.js searches", async () => {
    const handbook = await search();
    const structured = new DynamicStructuredTool(forLangChain(handbook));
    expect(structured.name).toBe("handbook");
    const output = JSON.parse(await structured.invoke({ query: "notice period", topK: 1 }));
    expect(output.passages).toMatchObject([{ n: 1, text: expect.stringContaining(NOTICE) }]);
    const message = await structured.invoke({
      type: "tool_call",
      id: "c1",
      name: "handbook",
      args: { query: "notice period" },
    });
    expect(message.content).toContain(NOTICE);
  });

  test("a field too many never reaches the search", async () => {
    const structured = new DynamicStructuredTool(forLangChain(await search()));
    await expect(structured.invoke({ query: "pay", tenant: "other" })).rejects.toThrow(/schema/i);
  });

  test("an aborted run aborts the search", async () => {
    const structured = new DynamicStructuredTool(forLangChain(await search()));
    await expect(structured.invoke({ query: "pay" }, { signal: AbortSignal.abort() })).rejects.toThrow();
  });
});
