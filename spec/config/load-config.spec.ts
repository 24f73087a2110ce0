import { hostname } from 'node:os';
import { test } from 'tap';
import { type LoadedConfig, loadConfig } from '../../lib/config/load-config.js';

const FILE = 'rabbitmq.conf';

/** With `content` as the file, if there is any. */
function load(argv: readonly string[], env: Record<string, string> = {}, content?: string): LoadedConfig {
  const readFile = (path: string): string => {
    if (path !== FILE || content === undefined)
      throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    return content;
  };
  return loadConfig({ argv: content === undefined ? argv : ['--config', FILE, ...argv], env, readFile });
}

function errorOf(argv: readonly string[], env: Record<string, string> = {}, content?: string): string {
  try {
    load(argv, env, content);
  } catch (error) {
    return String(error);
  }
  return 'no error';
}

function filesRead(argv: readonly string[], env: Record<string, string>): string[] {
  const paths: string[] = [];
  const readFile = (path: string): string => {
    paths.push(path);
    return '';
  };
  loadConfig({ argv, env, readFile });
  return paths;
}

void test('without any setting the defaults are those of RabbitMQ', async (t) => {
  const { config, notes } = load([]);
  t.strictSame(notes, []);
  t.strictSame(config, {
    'listeners.tcp': [{ host: undefined, port: 5672 }],
    data_dir: 'data',
    cluster_name: `warrenmq@${hostname()}`,
    handshake_timeout: 10_000,
    heartbeat: 60,
    frame_max: 131_072,
    channel_max: 2047,
    connection_max: Infinity,
    consumer_max_per_channel: Infinity,
    channel_max_per_node: Infinity,
    max_message_size: 134_217_728,
    consumer_timeout: 1_800_000,
    'tcp_listen_options.backlog': 511,
    'tcp_listen_options.nodelay': true,
    'tcp_listen_options.keepalive': false,
    default_user: 'guest',
    default_pass: 'guest',
    default_vhost: '/',
    default_user_tags: ['administrator'],
    'default_permissions.configure': '.*',
    'default_permissions.write': '.*',
    'default_permissions.read': '.*',
    loopback_users: ['guest'],
    vm_memory_high_watermark: { relative: 0.4 },
    disk_free_limit: { absolute: 50_000_000 },
    total_memory_available_override_value: undefined,
    'log.console.level': 'info',
    'log.console.formatter': 'plaintext',
  });
});

void test('a flag wins over a variable, a variable over the file, the file over the default', async (t) => {
  const content = 'heartbeat = 1\nframe_max = 8KB\ndefault_user = file\ndefault_user = later';
  const env = { WARRENMQ_HEARTBEAT: '2', WARRENMQ_FRAME_MAX: '5000' };
  const { config } = load(['--heartbeat', '3'], env, content);
  t.equal(config.heartbeat, 3);
  t.equal(config.frame_max, 5000);
  t.equal(config.default_user, 'later');
  t.equal(config.channel_max, 2047);
});

void test('the file is named by the flag, or else by the variable', async (t) => {
  t.strictSame(filesRead(['--config', 'a'], { WARRENMQ_CONFIG_FILE: 'b' }), ['a']);
  t.strictSame(filesRead([], { WARRENMQ_CONFIG_FILE: 'b' }), ['b']);
  t.strictSame(filesRead([], { WARRENMQ_CONFIG_FILE: '' }), []);
});

void test('the config is frozen through and through', async (t) => {
  const { config } = load(['--listeners.tcp.1', '5673']);
  t.ok(Object.isFrozen(config));
  t.ok(Object.isFrozen(config['listeners.tcp']));
  t.ok(Object.isFrozen(config['listeners.tcp'][0]));
  t.ok(Object.isFrozen(config.disk_free_limit));
});

void test('listeners are all those of the highest place that has any', async (t) => {
  const content = 'listeners.tcp.default = 5672\nlisteners.tcp.local = ::1:5674';
  t.strictSame(load([], {}, content).config['listeners.tcp'], [
    { host: undefined, port: 5672 },
    { host: '::1', port: 5674 },
  ]);
  t.strictSame(load(['--listeners.tcp.1', '5673'], {}, content).config['listeners.tcp'], [
    { host: undefined, port: 5673 },
  ]);
  t.strictSame(load([], { WARRENMQ_LISTENERS_TCP: 'none' }, content).config['listeners.tcp'], []);
  t.strictSame(load([], {}, `listeners.tcp = none\n${content}`).config['listeners.tcp'], []);
});

void test('loopback users and tags are the names that are set true', async (t) => {
  const { config } = load([], {}, 'loopback_users.guest = false\nloopback_users.john\\.doe = true');
  t.strictSame(config.loopback_users, ['john.doe']);
  t.strictSame(load(['--loopback_users', 'none']).config.loopback_users, []);
  t.strictSame(load([], { WARRENMQ_LOOPBACK_USERS_GUEST: 'false' }).config.loopback_users, []);
  t.strictSame(load(['--default_user_tags.monitoring=true']).config.default_user_tags, ['monitoring']);
});

void test('a relative limit wins over an absolute one beside it, not over one of a higher place', async (t) => {
  const content = 'vm_memory_high_watermark.absolute = 1GB\nvm_memory_high_watermark.relative = 0.6';
  t.strictSame(load([], {}, content).config.vm_memory_high_watermark, { relative: 0.6 });
  t.strictSame(
    load(['--vm_memory_high_watermark.absolute', '2GiB'], {}, content).config.vm_memory_high_watermark,
    {
      absolute: 2_147_483_648,
    },
  );
  t.strictSame(load(['--disk_free_limit.relative', '1.5']).config.disk_free_limit, { relative: 1.5 });
});

void test("RabbitMQ's keys without a meaning here are accepted with a note each", async (t) => {
  const content = [
    'cluster_partition_handling = autoheal',
    'log.file = false',
    'listeners.ssl = none',
    'collect_statistics_interval = 10000',
  ].join('\n');
  const { notes } = load(['--management.tcp.port', '15672'], { WARRENMQ_NUM_ACCEPTORS_TCP: '10' }, content);
  t.strictSame(notes, [
    "'cluster_partition_handling' (rabbitmq.conf:1) has no effect: this version runs as a single node",
    "'log.file' (rabbitmq.conf:2) has no effect: the log goes to standard output, where log.console.level and log.console.formatter rule it",
    "'listeners.ssl' (rabbitmq.conf:3) has no effect: this version has no TLS",
    "'collect_statistics_interval' (rabbitmq.conf:4) has no effect: this version has no such plugin or protocol",
    "'num_acceptors.tcp' (WARRENMQ_NUM_ACCEPTORS_TCP) has no effect: there is no Erlang runtime to tune",
    "'management.tcp.port' (--management.tcp.port) has no effect: this version has no such plugin or protocol",
  ]);
});

void test('an unknown key is named with its place and the nearest key', async (t) => {
  const lines: readonly (readonly [key: string, advice: string])[] = [
    ['handshake_timout', "did you mean 'handshake_timeout'?"],
    ['Heartbeat', "did you mean 'heartbeat'?"],
    ['listener.tcp.1', "did you mean 'listeners.tcp.1'?"],
    ['vm_memory_high_watermark.relativ', "did you mean 'vm_memory_high_watermark.relative'?"],
    ['log.consol.level', "did you mean 'log.console.level'?"],
    ['listeners.tcp.a.b', "did you mean 'listeners.tcp.b'?"],
    ['heartbeat.x', "did you mean 'heartbeat'?"],
    ['toString', 'see --help for those there are'],
    ['something.else', 'see --help for those there are'],
    ['disk_free_limit.mem', 'see --help for those there are'],
    ['num_acceptors.', 'see --help for those there are'],
  ];
  for (const [key, advice] of lines) {
    t.equal(errorOf([`--${key}`, '1']), `ConfigError: unknown key '${key}' (--${key}): ${advice}`);
  }
  t.equal(
    errorOf([], {}, '# one\nheartbeet = 5'),
    "ConfigError: unknown key 'heartbeet' (rabbitmq.conf:2): did you mean 'heartbeat'?",
  );
  t.equal(
    errorOf([], { WARRENMQ_HEARTBEET: '5' }),
    "ConfigError: unknown key 'heartbeet' (WARRENMQ_HEARTBEET): did you mean 'heartbeat'?",
  );
});

void test('a bad value is named with its key, its place and what would be right', async (t) => {
  const lines: readonly (readonly [key: string, text: string, expected: string])[] = [
    ['heartbeat', 'soon', 'a whole number of seconds from 0 to 65535'],
    ['frame_max', '4095', 'a number of bytes from 4096 to 2147483647, such as 131072 or 128KB'],
    ['max_message_size', '536870913', 'a whole number of bytes from 1 to 536870912'],
    [
      'listeners.tcp.1',
      'localhost',
      'a port or IP:port, such as 5672, 127.0.0.1:5672, [::1]:5672 or :::5672',
    ],
    ['listeners.tcp', '5672', 'none, or a key listeners.tcp.$name'],
    ['disk_free_limit', '1GB', 'a key disk_free_limit.relative or disk_free_limit.absolute'],
    ['default_user_tags', 'none', 'a key default_user_tags.$tag'],
    ['loopback_users.guest', 'no', 'true or false'],
    ['log.console.formatter', 'xml', 'one of plaintext, json'],
    ['data_dir', '', 'text that is not empty'],
  ];
  for (const [key, text, expected] of lines) {
    t.equal(
      errorOf([`--${key}=${text}`]),
      `ConfigError: bad value for '${key}' (--${key}): expected ${expected}, got '${text}'`,
    );
  }
  t.equal(
    errorOf(['--heartbeat', '5'], {}, 'heartbeat = x'),
    "ConfigError: bad value for 'heartbeat' (rabbitmq.conf:1): expected a whole number of seconds from 0 to 65535, got 'x'",
  );
});

void test('a key that asks for what is not there stops the start', async (t) => {
  const lines: readonly (readonly [key: string, text: string, why: string])[] = [
    ['listeners.ssl.default', '5671', 'this version has no TLS'],
    ['ssl_options.certfile', 'c.pem', 'this version has no TLS'],
    ['load_definitions', 'd.json', 'this version does not import definitions at its start'],
    ['management.load_definitions', 'd.json', 'this version does not import definitions at its start'],
    ['auth_backends.1', 'ldap', 'users are kept by the broker itself and nowhere else'],
    ['proxy_protocol', 'true', 'this version does not read the PROXY protocol'],
    ['log.level', 'debug', 'write log.console.level'],
  ];
  for (const [key, text, why] of lines) {
    t.equal(
      errorOf([], {}, `${key} = ${text}`),
      `ConfigError: '${key}' (rabbitmq.conf:1) cannot be had: ${why}`,
    );
  }
  t.equal(load(['--auth_backends.1', 'internal', '--proxy_protocol', 'false']).notes.length, 2);
});

void test('a file that cannot be read is named with the reason', async (t) => {
  t.equal(
    errorOf(['--config', 'none.conf']),
    "ConfigError: config file none.conf cannot be read: ENOENT: no such file or directory, open 'none.conf'",
  );
});
