/**
 * What a function is told by its surroundings: the names of the variables, each with what it holds. The functions read
 * the same names; a function gets only those that it needs.
 */
export const Variable = {
  /** Name of the table of commits. */
  commitsTable: 'FACTMILL_COMMITS_TABLE',
  /** Name of the table of snapshots and claims. */
  snapshotsTable: 'FACTMILL_SNAPSHOTS_TABLE',
  /** URL of the queue that commands enter by. */
  commandsQueueUrl: 'FACTMILL_COMMANDS_QUEUE_URL',
  /** `fifo` or `standard`. */
  commandsQueueKind: 'FACTMILL_COMMANDS_QUEUE_KIND',
  /** URL of the queue for what this function could not handle, with its reason. */
  failuresQueueUrl: 'FACTMILL_FAILURES_QUEUE_URL',
  /** Name of the event bus. */
  busName: 'FACTMILL_BUS_NAME',
  /** ARN of the state machine that a batch goes through. */
  workflowArn: 'FACTMILL_WORKFLOW_ARN',
  /** Id of the HMAC key that seals a failed command's first acceptance time. */
  sealKey: 'FACTMILL_SEAL_KEY',
  /** A message that is given back waits this many seconds × 2^receives, with full jitter … */
  backoff: 'FACTMILL_BACKOFF_SECONDS',
  /** … and at most this many. */
  backoffLimit: 'FACTMILL_BACKOFF_LIMIT_SECONDS',
  /** Name of the search domain, to find its endpoint and health by. */
  searchDomain: 'FACTMILL_OPENSEARCH_DOMAIN',
  /** What the names of all indices begin with. */
  indexPrefix: 'FACTMILL_INDEX_PREFIX',
  /** The view that a projector makes; `statuses` for the statuses of commands. */
  view: 'FACTMILL_VIEW',
  /** Which part of the API a function serves: `commands` or `queries`. */
  api: 'FACTMILL_API',
  /** The issuer of tokens, as its `iss` says. */
  issuer: 'FACTMILL_ISSUER',
  /** URL of the issuer's public keys … */
  keysUrl: 'FACTMILL_JWKS_URL',
  /** … or the name of the parameter that holds them. */
  keysParameter: 'FACTMILL_JWKS_PARAMETER',
  /** Makes the HTTP adapter leave the API's stage out of the path. */
  ignoreStage: 'AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH',
} as const;

/** Values by name of variable. */
export type Environment = Partial<Record<(typeof Variable)[keyof typeof Variable], string>>;

/** The index of the statuses of commands: a projector writes it as a view's, and the door reads it. */
export const STATUSES = 'statuses';

/** What all indices of a generation begin with. */
export const indexPrefix = (generation: number): string => `factmill-${generation}-`;
