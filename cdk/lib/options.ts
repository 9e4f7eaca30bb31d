import { readFileSync } from 'node:fs';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';

/** What a deployment may choose. Times are in seconds. */
export interface Options {
  /** `fifo` keeps the order of a stream's messages; `standard` costs less and keeps none. */
  readonly queue: 'fifo' | 'standard';
  /** The functions' processor. */
  readonly architecture: 'arm64' | 'x86_64';
  /** The folder of the functions, each `<name>/bootstrap`; relative to the repository's root. */
  readonly assets: string;
  readonly issuer: {
    /** `iss` of the tokens that are taken. */
    readonly name: string;
    /** Where its public keys are; empty: in a parameter of the stateful stack, which an operator fills. */
    readonly keysUrl: string;
  };
  readonly dispatch: {
    /** Its time; the state machine's own limit lies below. */
    readonly timeout: number;
    /** How long a message is hidden from others, at least: six times the function's time, unless in a test. */
    readonly visibility: number;
    /** A message that is given back waits this × 2^receives, with full jitter … */
    readonly backoff: number;
    /** … and at most this. */
    readonly backoffLimit: number;
  };
  readonly project: { readonly timeout: number; readonly visibility: number };
  /** How often a message is received before it is parked. High: an outage must not park healthy messages. */
  readonly maxReceives: number;
  /** How the bus tries to deliver to a queue. */
  readonly delivery: { readonly attempts: number; readonly maxAge: number };
  readonly search: {
    /** Version of OpenSearch. */
    readonly version: string;
    readonly instanceType: string;
    /** Data nodes, spread over two zones where there are at least two. */
    readonly nodes: number;
    /** Gigabytes for each node. */
    readonly volume: number;
    /** Begins the name of every index, where a domain is shared. */
    readonly prefix: string;
    /** Raised after a restore of the tables: all indices are made anew under other names. */
    readonly generation: number;
  };
  /** How long logs are kept, in days. */
  readonly logRetention: RetentionDays;
}

/** What holds where nothing is chosen. */
export const defaults: Options = {
  queue: 'fifo',
  architecture: 'arm64',
  assets: 'dist',
  issuer: { name: 'factmill', keysUrl: '' },
  dispatch: { timeout: 90, visibility: 540, backoff: 2, backoffLimit: 300 },
  project: { timeout: 60, visibility: 360 },
  maxReceives: 1000,
  delivery: { attempts: 185, maxAge: 86_400 },
  search: { version: '3.5', instanceType: 'm7g.medium.search', nodes: 2, volume: 20, prefix: '', generation: 1 },
  logRetention: RetentionDays.ONE_MONTH,
};

/** What may be given: any part of the options. */
export type Choices = { readonly [K in keyof Options]?: Options[K] extends object ? Partial<Options[K]> : Options[K] };

/** The defaults with what was chosen; a name that is none, or a value of the wrong kind, is refused. */
export function choose(choices: Choices = {}): Options {
  const options = merge('', defaults, choices) as Options;
  oneOf('queue', options.queue, ['fifo', 'standard']);
  oneOf('architecture', options.architecture, ['arm64', 'x86_64']);
  oneOf('logRetention', options.logRetention, Object.values(RetentionDays));
  for (const name of ['dispatch', 'project'] as const) {
    if (options[name].visibility < options[name].timeout) {
      throw new Error(`\`${name}.visibility\` is below \`${name}.timeout\`: messages would be handled twice at once`);
    }
  }
  return options;
}

/** The choices in a JSON file. */
export function read(file: string): Options {
  return choose(JSON.parse(readFileSync(file, 'utf8')) as Choices);
}

function merge(path: string, known: unknown, given: unknown): unknown {
  if (typeof known !== typeof given || Array.isArray(given) || given === null) {
    throw new Error(`option \`${path}\` must be of type ${typeof known}`);
  }
  if (typeof known !== 'object' || known === null || typeof given !== 'object') return given;
  const merged: Record<string, unknown> = { ...known };
  for (const [name, value] of Object.entries(given)) {
    const inner = path === '' ? name : `${path}.${name}`;
    if (!(name in merged)) throw new Error(`there is no option \`${inner}\``);
    merged[name] = merge(inner, merged[name], value);
  }
  return merged;
}

function oneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) throw new Error(`option \`${name}\` must be one of ${allowed.join(', ')}`);
}
