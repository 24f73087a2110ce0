/** Names inside the data directory. */
export const DEFINITIONS = 'definitions';
export const MESSAGES = 'messages';
