/**
 * What a function is told by its surroundings: the names of the variables, each with what it holds. The functions read
 * the same names; a function gets only those that it needs.
 */
export const Variable = {
  /** The table of commits. */
  commitsTable: 'FACTMILL_COMMITS_TABLE',
  /** The table of snapshots and claims. */
  stateTable: 'FACTMILL_STATE_TABLE',
  /** The URL of the command queue. */
  commandQueue: 'FACTMILL_COMMAND_QUEUE',
  /** The URL of the inbox of given-up commands. */
  failureQueue: 'FACTMILL_FAILURE_QUEUE',
  /** The URL of the queue for stream records that the relay can't read. */
  unreadableQueue: 'FACTMILL_UNREADABLE_QUEUE',
  /** The parameter that holds the key of acceptance stamps. */
  stampKeyParameter: 'FACTMILL_STAMP_KEY_PARAMETER',
  /** The name of the bus. */
  bus: 'FACTMILL_BUS',
  /** The ARN of the state machine. */
  stateMachine: 'FACTMILL_STATE_MACHINE',
  /** A message that is given back waits this many seconds × 2^receives, with full jitter … */
  backoff: 'FACTMILL_BACKOFF_SECONDS',
  /** … and at most this many. */
  backoffLimit: 'FACTMILL_BACKOFF_LIMIT_SECONDS',
  /** The search domain, to find its endpoint and health by. */
  searchDomain: 'FACTMILL_OPENSEARCH_DOMAIN',
  /** What the names of all indices begin with. */
  indexPrefix: 'FACTMILL_INDEX_PREFIX',
  /** The view that a projector makes; `statuses` for the statuses of commands. */
  view: 'FACTMILL_VIEW',
  /** Which part of the API a function serves: `commands` or `queries`. */
  api: 'FACTMILL_API',
  /** The issuer of tokens, as their `iss` says. */
  issuer: 'FACTMILL_ISSUER',
  /** Where the issuer's keys are: a URL, or `parameter:<name>`. */
  issuerKeys: 'FACTMILL_ISSUER_KEYS',
  /** Makes the HTTP adapter leave the API's stage out of the path. */
  ignoreStage: 'AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH',
} as const;

/** Values by name of variable. */
export type Environment = Partial<Record<(typeof Variable)[keyof typeof Variable], string>>;

/** The index of the statuses of commands: a projector writes it as a view's, and the door reads it. */
export const STATUSES = 'statuses';

/** What all indices of a generation begin with. */
export const indexPrefix = (generation: number): string => `factmill-${generation}-`;
