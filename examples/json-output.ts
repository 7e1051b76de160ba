// JSON of a zod schema: the model can write nothing else. (The embedded model obeys the form but judges badly; give
// `model` the path of any chat GGUF for sense.)
import { createAdvisor } from "@advisor/core";
import { z } from "zod";

const ticket = z.object({
  area: z.enum(["leave", "expenses", "security"]),
  urgent: z.boolean(),
});

const advisor = await createAdvisor({ mode: "base" });

const answer = await advisor.ask({
  question: "I clicked a link in a strange mail and typed my password!",
  format: { type: "json", schema: ticket },
});
const { area, urgent } = ticket.parse(answer.json);
console.log(`area: ${area}, urgent: ${urgent}`);

await advisor.dispose();
