import type { SampleView } from "../shared/wire.ts";

/** What the levers do, what the rules do, and what no page holds. */
export const SAMPLE_QUESTIONS: readonly SampleView[] = [
  { question: "How many days of paid leave do employees in Norway have?", shows: "every employee may know" },
  { question: "What's the most a senior engineer can earn here?", shows: "for HR" },
  { question: "How fast do we reply to a P2 ticket?", shows: "for Support" },
  { question: "Who approves a purchase up to 60,000 euros?", shows: "for Finance" },
  { question: "When does the canteen open?", shows: "no page says" },
];
