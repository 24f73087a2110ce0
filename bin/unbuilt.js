/** In place of a stack trace when build/ or node_modules/ is not there. */
export function unbuilt(error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  const [what] = error.message.split(' imported from ');
  process.stderr.write(
    `warrenmq: ${what}: run "node bin/setup.js" once, or "npm start", which does it for you\n`,
  );
  process.exit(1);
}
