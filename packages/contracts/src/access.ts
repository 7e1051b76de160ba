import { z } from "zod";

/**
 * The one reserved role. A principal that holds it may read everything of its own tenant, and nothing of any other.
 */
export const ADMINISTRATOR = "administrator";

/** Limit on the length of a tenant or role name: long enough for a directory's distinguished name, short enough to index. */
export const MAX_NAME_LENGTH = 256;

const name = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .max(MAX_NAME_LENGTH)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is refused
  .regex(/^[^\u0000-\u001f\u007f\p{Cs}]*$/u, "must not hold control characters or lone surrogates");

/** A tenant's name: trimmed, 1 to {@link MAX_NAME_LENGTH} UTF-16 units, without control characters or lone surrogates. */
export const tenantSchema = name;
/** A role's name, under the same rules as a tenant's. */
export const roleSchema = name;

/** Limit on roles a principal or a rule may list. */
export const MAX_ROLES = 256;

/**
 * Who asks. It comes from the caller's trusted code, never from the model or the question.
 */
export const principalSchema = z.strictObject({
  tenant: tenantSchema,
  roles: z.array(roleSchema).max(MAX_ROLES).readonly(),
});
/** Who asks: a tenant and the roles held in it. */
export type Principal = z.infer<typeof principalSchema>;

/**
 * Who may read: principals of the same tenant that hold one of the roles. An empty list means the tenant's
 * administrators alone (deny by default).
 */
export const accessSchema = z.strictObject({
  tenant: tenantSchema,
  roles: z.array(roleSchema).max(MAX_ROLES).readonly(),
});
/** Who may read: roles of a tenant; none means its administrators alone. */
export type Access = z.infer<typeof accessSchema>;

/** The tenant used when the caller names none. */
export const DEFAULT_TENANT = "default";

/** Who the CLI and `createAdvisor` act as when nobody is named: the administrator of the tenant `default`. */
export const DEFAULT_PRINCIPAL: Principal = { tenant: DEFAULT_TENANT, roles: [ADMINISTRATOR] };

/** True when the principal administers its tenant. */
export function isAdministrator(principal: Principal): boolean {
  return principal.roles.includes(ADMINISTRATOR);
}

/** The access rule itself, in one line of logic. Stores enforce it inside their query; tests use it as the oracle. */
export function permits(access: Access, principal: Principal): boolean {
  if (access.tenant !== principal.tenant) return false;
  return isAdministrator(principal) || access.roles.some((role) => principal.roles.includes(role));
}
