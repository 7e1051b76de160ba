import { ADMINISTRATOR, DEFAULT_TENANT, type Principal } from "@advisor/core";
import { ROLE_IDS, type RoleId } from "../shared/roles.ts";
import type { RoleView } from "../shared/wire.ts";

interface DemoRole {
  readonly label: string;
  readonly description: string;
  /** Roles as the handbook's rules name them. Everyone in a department is an employee too. */
  readonly roles: readonly string[];
}

const ROLES: Readonly<Record<RoleId, DemoRole>> = {
  employee: { label: "Employee", description: "anyone in the company", roles: ["employee"] },
  support: { label: "Support", description: "the support team", roles: ["employee", "support"] },
  sales: { label: "Sales", description: "the sales team", roles: ["employee", "sales"] },
  hr: { label: "HR", description: "the people team", roles: ["employee", "hr"] },
  finance: { label: "Finance", description: "the finance team", roles: ["employee", "finance"] },
  security: { label: "Security", description: "the security team", roles: ["employee", "security"] },
  administrator: {
    label: "Administrator",
    description: "every page of the company, whatever its rule",
    roles: [ADMINISTRATOR],
  },
};

/** Who asks when a role is chosen. The only place where a request turns into a principal. */
export function principalOf(role: RoleId): Principal {
  return { tenant: DEFAULT_TENANT, roles: ROLES[role].roles };
}

export function roleLabel(role: RoleId): string {
  return ROLES[role].label;
}

export function roleViews(): readonly RoleView[] {
  return ROLE_IDS.map((id) => ({ id, label: ROLES[id].label, description: ROLES[id].description }));
}
