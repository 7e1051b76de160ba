import type { FakePage } from "./fake-advisor.ts";

const page = (
  fields: Omit<FakePage, "text"> & { readonly before: string; readonly after: string },
): FakePage => {
  const { before, after, ...rest } = fields;
  return {
    ...rest,
    text: `---\nroles: [${fields.roles.join(", ")}]\n---\n# ${fields.title}\n\n${before} ${fields.answer} ${after}\n`,
  };
};

export const fakePages: readonly FakePage[] = [
  page({
    uri: "support/returns.md",
    title: "Returns",
    keyword: "return",
    before: "Customers may change their mind.",
    answer: "A device can be sent back within 30 days of delivery.",
    after: "Shipping is free.\n\n## Damaged devices\n\nAsk for a photograph first.",
    roles: ["employee"],
  }),
  page({
    uri: "people/salary-bands.md",
    title: "Salary bands",
    keyword: "salary",
    before: "Bands are reviewed each spring.",
    answer: "Band 4 runs from 61,000 to 74,000 euros a year.",
    after: "Exceptions need two signatures.",
    roles: ["hr"],
  }),
  page({
    uri: "legal/litigation.md",
    title: "Open litigation",
    keyword: "litigation",
    before: "Privileged.",
    answer: "Two cases are open.",
    after: "Do not forward.",
    roles: [],
  }),
];
