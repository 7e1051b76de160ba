import type { RoleId } from "../../shared/roles.ts";

export interface TourQuestion {
  readonly question: string;
  readonly role: RoleId;
  /** Why it is asked. */
  readonly shows: string;
  /** A role that may know what `role` may not. */
  readonly otherRole?: RoleId;
}

/** Of the handbook's own questions (examples/handbook-questions.jsonl): three that show the levers and the rules. */
export const TOUR_QUESTIONS: readonly [TourQuestion, TourQuestion, TourQuestion] = [
  {
    question: "I work in Trondheim. How much holiday do I get each year?",
    role: "employee",
    shows: "three countries, three numbers, one right page",
  },
  {
    question: "How long must the customer press the front button to reboot a gateway?",
    role: "support",
    shows: "a page for the support team",
  },
  {
    question: "who can sign off a purchase of 45,000 euros",
    role: "employee",
    shows: "a page that this role may not read",
    otherRole: "finance",
  },
];
