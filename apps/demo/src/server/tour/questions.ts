import type { RoleId } from "../../shared/roles.ts";

export interface TourQuestion {
  readonly question: string;
  readonly role: RoleId;
  /** Why it is asked. */
  readonly shows: string;
  /** A role that may know what `role` may not. */
  readonly otherRole?: RoleId;
}

/** Three that show the levers and the rules, put in words that a very small model can follow. */
export const TOUR_QUESTIONS: readonly [TourQuestion, TourQuestion, TourQuestion] = [
  {
    question: "How many days of paid leave do employees in Norway have?",
    role: "employee",
    shows: "three countries, three numbers, one right page",
  },
  {
    question: "How long do I hold the front button to restart a gateway?",
    role: "support",
    shows: "a page of the support team",
  },
  {
    question: "What's the most a senior engineer can earn here?",
    role: "employee",
    shows: "a page that this role may not read",
    otherRole: "hr",
  },
];
