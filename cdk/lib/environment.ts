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
  /** What the names of all indices begin with. Optional. */
  indexPrefix: 'FACTMILL_INDEX_PREFIX',
  /** The number of the indices to write to: a higher one begins them anew. */
  indexGeneration: 'FACTMILL_INDEX_GENERATION',
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

/** The view of the statuses of commands: a projector writes it as any other, and the door reads it. */
export const STATUSES = 'statuses';

/** What an index is called by whoever reads or writes it; the index behind is the alias and its generation. */
export function aliasOf(prefix: string, view: { readonly name: string; readonly revision: number }): string {
  const name = view.name === STATUSES ? `factmill-${STATUSES}` : view.name;
  return `${prefix}${name}-${view.revision}`;
}
