import { readFileSync } from 'node:fs';
import { parse } from '@hapi/bourne';

const PACKAGE = new URL('../../../package.json', import.meta.url);

/** The package's version. */
export const VERSION = (parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version;
