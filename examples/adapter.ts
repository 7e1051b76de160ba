// Retrieval changes what the model knows, an adapter changes how it behaves: one question in the four arms.
import { createAdvisor } from "@advisor/core";

const advisor = await createAdvisor({ store: ".advisor" });
await advisor.sync("handbook");

const { adapters } = await advisor.status();
console.log(`adapters: ${adapters.map(({ name }) => name).join(", ")}`);

for (const mode of ["base", "retrieval", "adapter", "hybrid"] as const) {
  const { text, timings } = await advisor.ask({
    question: "How many days of paid leave do employees in Norway have?",
    mode,
    maxTokens: 64,
  });
  console.log(`${mode} (${Math.round(timings.totalMs)} ms): ${text}`);
}

// The same facts in another behaviour: a ticket as one JSON object.
const { json } = await advisor.ask({
  question: "How many days of paid leave do employees in Norway have?",
  mode: "hybrid",
  adapter: "triage-json",
});
console.log(`triage-json: ${JSON.stringify(json)}`);

await advisor.dispose();
