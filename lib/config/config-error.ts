/** The configuration cannot be used; the message is one line that names the key, where it stands and what would be right. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
