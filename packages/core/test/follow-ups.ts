/** A question that follows others, over the sample handbook. */
export interface FollowUpCase {
  /** Earlier questions of the user, each with its answer. */
  readonly before: readonly (readonly [question: string, answer: string])[];
  readonly question: string;
  readonly page: string;
  /** False for one that changes the subject and stands for itself. */
  readonly leans: boolean;
}

const NORWAY = [
  "How many days of annual leave do employees in Norway get?",
  "Employees in Norway have 27 working days of paid leave a year. [1]",
] as const;
const PHISHING = [
  "What should I do about a phishing mail?",
  "Press Report in the mail program. [1]",
] as const;
const GATEWAY = [
  "How many sensors can the Firn Gateway Mini serve?",
  "A Mini serves up to 25 sensors. [1]",
] as const;
const CALIBRATION = [
  "How often should a sensor be calibrated?",
  "Every 12 months for vaccine fridges. [1]",
] as const;
const RETURNS = [
  "Within how many days may business customers return unused goods?",
  "Business customers may return unused goods within 30 days of delivery. [1]",
] as const;

export const FOLLOW_UPS: readonly FollowUpCase[] = [
  { before: [NORWAY], question: "And in Poland?", page: "hr/leave-poland.md", leans: true },
  { before: [NORWAY], question: "what about Portugal?", page: "hr/leave-portugal.md", leans: true },
  { before: [NORWAY], question: "When do they lapse?", page: "hr/leave-norway.md", leans: true },
  { before: [NORWAY], question: "Can I carry them over?", page: "hr/leave-norway.md", leans: true },
  { before: [NORWAY], question: "And if I am sick?", page: "hr/leave-norway.md", leans: true },
  {
    before: [NORWAY, ["And in Poland?", "Employees in Poland have 26 working days. [1]"]],
    question: "Is that the law?",
    page: "hr/leave-poland.md",
    leans: true,
  },
  { before: [PHISHING], question: "And if I already clicked it?", page: "security/phishing.md", leans: true },
  { before: [PHISHING], question: "How fast do they answer?", page: "security/phishing.md", leans: true },
  { before: [PHISHING], question: "Who should I call?", page: "security/phishing.md", leans: true },
  { before: [GATEWAY], question: "Does it have LTE?", page: "products/firn-gateway-mini.md", leans: true },
  { before: [GATEWAY], question: "How much does it cost?", page: "pricing/price-list-2026.md", leans: true },
  { before: [GATEWAY], question: "and the warranty?", page: "products/firn-gateway-mini.md", leans: true },
  { before: [CALIBRATION], question: "How long does it take?", page: "support/calibration.md", leans: true },
  { before: [CALIBRATION], question: "What if it fails?", page: "support/calibration.md", leans: true },
  { before: [CALIBRATION], question: "Where is that done?", page: "support/calibration.md", leans: true },
  { before: [CALIBRATION], question: "Can you do it on site?", page: "support/calibration.md", leans: true },
  { before: [RETURNS], question: "and consumers?", page: "pricing/shipping-and-returns.md", leans: true },
  { before: [RETURNS], question: "Who pays for it?", page: "pricing/shipping-and-returns.md", leans: true },
  {
    before: [RETURNS],
    question: "What if the seal is broken?",
    page: "pricing/shipping-and-returns.md",
    leans: true,
  },
  {
    before: [["What does E-4012 mean?", "Sensor clock is off by more than 90 seconds. [1]"]],
    question: "How do I fix it?",
    page: "support/error-codes.md",
    leans: true,
  },
  {
    before: [["What does E-4012 mean?", "Sensor clock is off by more than 90 seconds. [1]"]],
    question: "and E-5107?",
    page: "support/error-codes.md",
    leans: true,
  },
  {
    before: [["What is the first answer time of a P1 ticket?", "15 minutes. [1]"]],
    question: "And for P3?",
    page: "support/escalation.md",
    leans: true,
  },
  {
    before: [["How many days do public hospitals have to pay an invoice?", "30 [1]"]],
    question: "How about resellers?",
    page: "finance/invoicing.md",
    leans: true,
  },
  {
    before: [["How many days do public hospitals have to pay an invoice?", "30 [1]"]],
    question: "What happens if they don't?",
    page: "finance/invoicing.md",
    leans: true,
  },
  {
    before: [["I lost my computer, within what time must I report it?", "1 hour [1]"]],
    question: "And a phone?",
    page: "security/passwords-and-devices.md",
    leans: true,
  },
  {
    before: [["Who is the managing director?", "Sunniva Hårteig [1]"]],
    question: "Who is her deputy?",
    page: "company/succession.md",
    leans: true,
  },
  {
    before: [["Which kinds of accounts need a password of 14 characters?", "Work accounts. [1]"]],
    question: "How often must I change it?",
    page: "security/passwords-and-devices.md",
    leans: true,
  },
  {
    before: [NORWAY],
    question: "How many people work in Kraków?",
    page: "company/overview.md",
    leans: false,
  },
  {
    before: [NORWAY],
    question: "Which ticket priority do spoiled vaccines get?",
    page: "support/escalation.md",
    leans: false,
  },
  {
    before: [PHISHING],
    question: "Until when is the ISO 9001 certificate valid?",
    page: "company/quality.md",
    leans: false,
  },
  {
    before: [GATEWAY],
    question: "What is the freight to Switzerland by express?",
    page: "pricing/shipping-and-returns.md",
    leans: false,
  },
  {
    before: [CALIBRATION],
    question: "How long is the notice period for parental leave in Norway?",
    page: "hr/leave-norway.md",
    leans: false,
  },
  {
    before: [RETURNS],
    question: "At what time do the payment runs leave on Tuesdays?",
    page: "finance/approval-limits.md",
    leans: false,
  },
  {
    before: [PHISHING],
    question: "Which frostctl option sets the sensor clock?",
    page: "products/frostctl.md",
    leans: false,
  },
  {
    before: [GATEWAY],
    question: "How are subscriptions recognised as revenue in the books?",
    page: "finance/month-end.md",
    leans: false,
  },
];
