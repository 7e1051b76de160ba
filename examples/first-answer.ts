// Ask a folder of Markdown. Nothing leaves this machine.
import { createAdvisor } from "@advisor/core";

const advisor = await createAdvisor({ store: ".advisor" });
await advisor.sync("handbook");

const answer = await advisor.ask("How many days of paid leave do employees in Norway have?");
console.log(answer.text);
for (const { n, uri, quote } of answer.citations) console.log(`[${n}] ${uri}: ${quote}`);

await advisor.dispose();
