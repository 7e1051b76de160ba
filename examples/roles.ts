// One question, three people: what is answered depends on who asks, inside the database query.
import { createAdvisor } from "@advisor/core";

const advisor = await createAdvisor({ store: ".advisor" });
await advisor.upsert(
  [
    { uri: "leave.md", text: "# Leave\n\nEveryone has 27 days of leave.", roles: ["employee"] },
    { uri: "bands.md", text: "# Salary bands\n\nBand B5 pays up to 1,150,000 kroner.", roles: ["hr"] },
    { uri: "draft.md", text: "# Draft\n\nThe Porto office moves in May." }, // no rule: administrators alone
  ],
  { tenant: "acme" },
);

const people = {
  employee: { tenant: "acme", roles: ["employee"] },
  "head of people": { tenant: "acme", roles: ["employee", "hr"] },
  "someone of another company": { tenant: "globex", roles: ["administrator"] },
};

for (const [name, principal] of Object.entries(people)) {
  const answer = await advisor.ask({ question: "What does band B5 pay?", principal });
  console.log(`${name}: ${answer.text}`);
}

await advisor.dispose();
