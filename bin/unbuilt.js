/** Major and minor. */
const NEEDED_NODE = [20, 19];

/** In place of whatever an old Node.js would make of the sources. */
export function requireNode(program) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor >= NEEDED_NODE[1])) return;
  const needed = NEEDED_NODE.join('.');
  process.stderr.write(
    `${program}: Node.js ${needed} or newer is needed, this is ${process.versions.node}\n`,
  );
  process.exit(1);
}

/** In place of a stack trace when build/ or node_modules/ is not there. */
export function unbuilt(error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  const [what] = error.message.split(' imported from ');
  process.stderr.write(
    `warrenmq: ${what}: run "node bin/setup.js" once, or "npm start", which does it for you\n`,
  );
  process.exit(1);
}
