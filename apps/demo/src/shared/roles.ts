/** The roles a reader of the page can choose. The page sends an id; who that is, the server decides on its own side. */
export const ROLE_IDS = [
  "employee",
  "support",
  "sales",
  "hr",
  "finance",
  "security",
  "administrator",
] as const;
export type RoleId = (typeof ROLE_IDS)[number];
