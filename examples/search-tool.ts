// Search as a tool that a model calls. Who asks is bound here, and no input of the model can change it.
import { createAdvisor, createSearchTool } from "@advisor/core";

const advisor = await createAdvisor({ store: ".advisor" });
await advisor.sync("handbook");

const handbook = createSearchTool(advisor, {
  name: "handbook",
  principal: { tenant: "default", roles: ["employee"] },
});
// For OpenAI-compatible servers: { type: "function", function: { name, description, parameters } }.
// For the AI SDK: tool(forAiSdk(handbook)). For LangChain.js: new DynamicStructuredTool(forLangChain(handbook)).
const { properties } = handbook.parameters as { properties: object };
console.log(`${handbook.name} takes ${Object.keys(properties).join(", ")}`);

// What a model would call, and what it gets.
const output = await handbook.execute({ query: "days of paid leave in Norway", topK: 2 });
if ("passages" in output) {
  for (const { n, uri, text } of output.passages) console.log(`[${n}] ${uri}: ${text.replace(/\s+/g, " ")}`);
}
const greedy = await handbook.execute({ query: "salaries", principal: { tenant: "default", roles: ["hr"] } });
console.log("error" in greedy ? "principal refused" : "principal taken");

// What it answers is checked against the passages it was given.
const answer = "Employees in Norway have 27 working days of paid leave a year. [1]";
for (const { n, verdict, quote } of handbook.citations(answer)) console.log(`[${n}] ${verdict}: ${quote}`);

await advisor.dispose();
