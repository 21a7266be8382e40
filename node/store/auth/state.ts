/**
 * Users, roles and what they may, replicated as all else. Small and seldom changed, so it is one row, written anew as a whole
 * at each change; keys are base64, so that it is JSON.
 */

/** ReadWrite is both. */
export type Right = 'Read' | 'Write' | 'ReadWrite';

/** Keys as in `Keys`, in base64. */
export type Permission = { readonly right: Right; readonly key: string; readonly rangeEnd: string | null };

export type Role = { readonly name: string; readonly permissions: readonly Permission[] };

export type User = {
  readonly name: string;
  /** Null: known by a client certificate alone. */
  readonly passwordHash: string | null;
  readonly roles: readonly string[];
  /** The revision of this state at which the user was last changed: tokens from before are void. */
  readonly changedAt: number;
};

export type AuthState = {
  readonly isEnabled: boolean;
  /** Rises with each change. */
  readonly revision: number;
  /** Signs tokens; base64. Drawn anew when authentication is enabled. */
  readonly tokenKey: string;
  /** In order of name, as roles are. */
  readonly users: readonly User[];
  readonly roles: readonly Role[];
};

export type AuthChange =
  | { readonly kind: 'Enable'; readonly tokenKey: string }
  | { readonly kind: 'Disable' }
  | { readonly kind: 'AddUser'; readonly name: string; readonly passwordHash: string | null }
  | { readonly kind: 'DeleteUser'; readonly name: string }
  | { readonly kind: 'ChangePassword'; readonly name: string; readonly passwordHash: string | null }
  | { readonly kind: 'GrantRole'; readonly name: string; readonly role: string }
  | { readonly kind: 'RevokeRole'; readonly name: string; readonly role: string }
  | { readonly kind: 'AddRole'; readonly name: string }
  | { readonly kind: 'DeleteRole'; readonly name: string }
  | { readonly kind: 'GrantPermission'; readonly name: string; readonly permission: Permission }
  | {
      readonly kind: 'RevokePermission';
      readonly name: string;
      readonly key: string;
      readonly rangeEnd: string | null;
    };

/** A user of this name, and a role: who has the role may do everything. */
export const ROOT = 'root';

export const NO_AUTH: AuthState = { isEnabled: false, revision: 1, tokenKey: '', users: [], roles: [] };
