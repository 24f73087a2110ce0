export type AuthErrorKind =
  | 'invalid_pattern'
  | 'invalid_password_hash'
  | 'unknown_hashing_algorithm'
  | 'no_such_user'
  | 'no_such_vhost';

/** A change of users or permissions that was refused; the message is one line for its author. */
export class AuthError extends Error {
  override readonly name = 'AuthError';
  readonly kind: AuthErrorKind;

  constructor(kind: AuthErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
