// The same question about two days: what a page says now, and what it said before it was edited.
import { createAdvisor } from "@advisor/core";

const advisor = await createAdvisor({ store: ".advisor-versions" });
const roles = ["employee"];
const principal = { tenant: "default", roles };

await advisor.upsert([{ uri: "leave.md", text: "# Leave\n\nEveryone has 25 days of leave.", roles }]);
const then = new Date();
await new Promise((resolve) => setTimeout(resolve, 5));
await advisor.upsert([{ uri: "leave.md", text: "# Leave\n\nEveryone has 27 days of leave.", roles }]);

const question = "How many days of leave does everyone have?";
for (const asOf of [undefined, then]) {
  const { text, citations } = await advisor.ask({ question, principal, ...(asOf && { asOf }) });
  const [citation] = citations;
  console.log(
    `${asOf ? "then" : "now"}: ${text} ${citation?.validTo ? "(a former version)" : "(the present version)"}`,
  );
}

await advisor.dispose();
