/** Keys of RabbitMQ's that are no options here. A key that ends in '.*' stands for all that begin so. */
interface ForeignKeys {
  readonly keys: readonly string[];
  readonly why: string;
  /** With one of these values a refused key asks for nothing that is not so anyway. */
  readonly harmless?: readonly string[];
}

/** Accepted, since files that have served a RabbitMQ contain them; the log notes that they have no effect. */
export const IGNORED: readonly ForeignKeys[] = [
  {
    why: 'there is no Erlang runtime to tune',
    keys: [
      'erlang.*',
      'distribution.*',
      'net_ticktime',
      'sysmon_handler.*',
      'hipe_compile',
      'background_gc_enabled',
      'background_gc_target_interval',
      'default_worker_pool_size',
      'delegate_count',
      'socket_writer.gc_threshold',
      'num_acceptors.*',
      'vm_memory_calculation_strategy',
      'memory_monitor_interval',
    ],
  },
  {
    why: 'this version runs as a single node',
    keys: [
      'cluster_formation.*',
      'cluster_partition_handling',
      'cluster_partition_handling.*',
      'cluster_keepalive_interval',
      'cluster_tags.*',
      'node_tags.*',
      'mnesia_table_loading_retry_limit',
      'mnesia_table_loading_retry_timeout',
      'metadata_store.*',
      'mirroring_sync_batch_size',
      'mirroring_sync_max_throughput',
      'queue_leader_locator',
      'queue_master_locator',
    ],
  },
  {
    why: 'messages are stored in another way',
    keys: [
      'queue_index_embed_msgs_below',
      'queue_index_max_journal_entries',
      'msg_store_file_size_limit',
      'message_store_shutdown_timeout',
      'vm_memory_high_watermark_paging_ratio',
      'vhost_restart_strategy',
      'classic_queue.*',
      'quorum_queue.*',
      'raft.*',
    ],
  },
  {
    why: 'the log goes to standard output, where log.console.level and log.console.formatter rule it',
    keys: [
      'log.dir',
      'log.file',
      'log.file.*',
      'log.exchange',
      'log.exchange.*',
      'log.syslog',
      'log.syslog.*',
      'log.journald',
      'log.journald.*',
      'log.console',
      'log.console.stdio',
      'log.console.use_colors',
      'log.console.color_esc_seqs.*',
      'log.console.formatter.*',
      'log.default.*',
      'log.connection.*',
      'log.channel.*',
      'log.queue.*',
      'log.federation.*',
      'log.feature_flags.*',
      'log.mirroring.*',
      'log.osiris.*',
      'log.prelaunch.*',
      'log.ra.*',
      'log.upgrade.*',
      'log.summarize_process_state',
    ],
  },
  {
    why: 'this version has no such plugin or protocol',
    keys: [
      'management.*',
      'management_agent.*',
      'prometheus.*',
      'collect_statistics',
      'collect_statistics_interval',
      'amqp1_0.*',
      'mqtt.*',
      'web_mqtt.*',
      'stomp.*',
      'web_stomp.*',
      'stream.*',
      'event_exchange.*',
      'aws.*',
    ],
  },
  {
    why: 'the system decides it',
    keys: ['tcp_listen_options.*', 'reverse_dns_lookups', 'initial_frame_max'],
  },
  {
    why: 'there is nothing here that it would change',
    keys: [
      'auth_mechanisms.*',
      'deprecated_features.*',
      'motd_file',
      'product.name',
      'product.version',
      'ssl_allow_poodle_attack',
    ],
  },
];

/** Starting without what these ask for would be a surprise: they stop the start. */
export const REFUSED: readonly ForeignKeys[] = [
  {
    why: 'this version has no TLS',
    keys: ['listeners.ssl', 'ssl_options'],
    harmless: ['none'],
  },
  {
    why: 'this version has no TLS',
    keys: [
      'listeners.ssl.*',
      'ssl_options.*',
      'ssl_cert_login_from',
      'ssl_cert_login_san_type',
      'ssl_cert_login_san_index',
      'ssl_handshake_timeout',
      'trust_store.*',
    ],
  },
  { why: 'this version does not read the PROXY protocol', keys: ['proxy_protocol'], harmless: ['false'] },
  {
    why: 'this version does not import definitions at its start',
    keys: [
      'load_definitions',
      'definitions.*',
      'management.load_definitions',
      'default_users.*',
      'default_policies.*',
    ],
  },
  {
    why: 'users are kept by the broker itself and nowhere else',
    keys: ['auth_backends.*'],
    harmless: ['internal', 'rabbit_auth_backend_internal'],
  },
  {
    why: 'users are kept by the broker itself and nowhere else',
    keys: ['auth_http.*', 'auth_ldap.*', 'auth_oauth2.*', 'auth_cache.*'],
  },
  { why: 'passwords are not checked for their form', keys: ['credential_validator.*'] },
  {
    why: 'new passwords are hashed with SHA-256',
    keys: ['password_hashing_module'],
    harmless: ['rabbit_password_hashing_sha256'],
  },
  {
    why: 'queues are classic unless their declaration says otherwise',
    keys: ['default_queue_type'],
    harmless: ['classic', 'rabbit_classic_queue'],
  },
  {
    why: 'this version does not enforce such a limit',
    keys: ['default_limits.*', 'vhost_max', 'cluster_queue_limit', 'cluster_exchange_limit'],
    harmless: ['infinity'],
  },
  { why: 'write log.console.level', keys: ['log.level'] },
];

/** The row that has the key. `asName` maps the names of rows to the form in which `key` is given. */
export function foreignKeys(
  rows: readonly ForeignKeys[],
  key: string,
  asName: (name: string) => string = (name) => name,
): ForeignKeys | undefined {
  return rows.find(({ keys }) =>
    keys.some((name) => {
      if (!name.endsWith('*')) return asName(name) === key;
      const start = asName(name.slice(0, -1));
      return key.startsWith(start) && key.length > start.length;
    }),
  );
}
