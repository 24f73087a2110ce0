import { brokerError, type ErrorName, ERRORS, REPLIES } from '../../lib/base/errors.js';

/** What `t.throws` and `t.rejects` compare a refusal with. */
export interface Refusal {
  readonly kind: ErrorName;
  readonly code: number;
  readonly message: string | RegExp;
}

/** The refusal of that kind, whatever else it says. */
export function ofKind(kind: ErrorName): Refusal {
  const { reply } = ERRORS[kind];
  return { kind, code: REPLIES[reply].code, message: new RegExp(`^${reply} - `) };
}

/** The refusal in full, as the catalogue words it for these details. */
export function refusal<K extends ErrorName>(
  kind: K,
  ...details: Parameters<(typeof ERRORS)[K]['text']>
): Refusal {
  const { code, message } = brokerError(kind, ...details);
  return { kind, code, message };
}
