import type { SearchTool, SearchToolInput, SearchToolOutput } from "./search-tool.ts";

/** What `tool()` of the AI SDK (`ai` 5 and 6) takes. */
export interface AiSdkTool {
  readonly description: string;
  readonly inputSchema: SearchTool["inputSchema"];
  execute(
    input: SearchToolInput,
    options: { readonly abortSignal?: AbortSignal | undefined },
  ): Promise<SearchToolOutput>;
}

/**
 * The tool for the AI SDK: `generateText({ tools: { [search.name]: tool(forAiSdk(search)) }, ... })`. Nothing of the SDK
 * is imported.
 */
export function forAiSdk(search: SearchTool): AiSdkTool {
  return {
    description: search.description,
    inputSchema: search.inputSchema,
    execute: (input, options) => search.execute(input, { signal: options.abortSignal }),
  };
}

/** What `new DynamicStructuredTool()` of LangChain.js (`@langchain/core` 1) takes. */
export interface LangChainTool {
  readonly name: string;
  readonly description: string;
  readonly schema: SearchTool["inputSchema"];
  /** Gives the result as JSON text, which is what a tool message holds. */
  func(
    input: SearchToolInput,
    run?: unknown,
    config?: { readonly signal?: AbortSignal | undefined },
  ): Promise<string>;
}

/** The tool for LangChain.js: `new DynamicStructuredTool(forLangChain(search))`. Nothing of LangChain is imported. */
export function forLangChain(search: SearchTool): LangChainTool {
  return {
    name: search.name,
    description: search.description,
    schema: search.inputSchema,
    func: async (input, _run, config) =>
      JSON.stringify(await search.execute(input, { signal: config?.signal })),
  };
}
