import type { SampleView } from "../shared/wire.ts";

/** Of the handbook's own questions (examples/handbook-questions.jsonl): what the levers do, and what the rules do. */
export const SAMPLE_QUESTIONS: readonly SampleView[] = [
  { question: "I work in Trondheim. How much holiday do I get each year?", shows: "every employee may know" },
  { question: "who can sign off a purchase of 45,000 euros", shows: "for Finance" },
  {
    question: "How long must the customer press the front button to reboot a gateway?",
    shows: "for Support",
  },
  { question: "When does the canteen in Porto open for lunch?", shows: "no page says" },
];
