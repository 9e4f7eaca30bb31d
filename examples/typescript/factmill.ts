/** A client of Factmill over HTTP, with nothing but `fetch`. */

export interface Command {
  id: string;
  stream: string;
  type: string;
  issuedAt: string;
  data: unknown;
  expectedVersion?: number;
}

export interface Status {
  id: string;
  stream: string;
  type: string;
  status: "queued" | "committed" | "rejected" | "refused" | "failed";
  version: number | null;
  events: { type: string; version: number }[];
  rejection: { code: string; message: string; detail?: unknown } | null;
  refusal: { code: string; message: string; violations: Violation[] } | null;
  failure: { code: string; message: string } | null;
}

export interface Violation {
  pointer: string;
  code: string;
  message: string;
}

export interface Found<Doc> {
  total: number;
  hits: { id: string; version: number; doc: Doc; highlight?: Record<string, string> }[];
  next: string | null;
  aggregations: Record<string, unknown>;
}

export interface FactmillEvent {
  type: string;
  version: number;
  time: string;
  data: unknown;
}

/** What the server said no to: RFC 9457, with a code and every violation. */
export class Problem extends Error {
  status: number;
  code: string;
  violations: Violation[];

  constructor(status: number, body: { code: string; title?: string; detail?: string; violations?: Violation[] }) {
    super(`${status} ${body.code}: ${body.detail ?? body.title}`);
    this.status = status;
    this.code = body.code;
    this.violations = body.violations ?? [];
  }
}

/** A command. Its id is its idempotency key: keep it, and send the very same again when an answer is lost. */
export function command(stream: string, type: string, data: unknown): Command {
  return { id: crypto.randomUUID(), stream, type, issuedAt: new Date().toISOString(), data };
}

const ATTEMPTS = 5;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class Factmill {
  url: string;
  token: string;

  constructor(url = process.env.FACTMILL_URL ?? "http://127.0.0.1:8080", token = process.env.FACTMILL_TOKEN ?? "") {
    this.url = url.replace(/\/$/, "");
    this.token = token;
  }

  /** Sends one command and waits for its status. */
  submit(command: Command, wait = 5): Promise<Status> {
    return this.ask("POST", "/commands", command, { Prefer: `wait=${wait}` });
  }

  /** Sends up to 1,000: those of one stream are decided in this order. Tells what the door refused. */
  submitAll(commands: Command[]): Promise<{ queued: number; refused: { index: number; id: string | null }[] }> {
    return this.ask("POST", "/commands", commands);
  }

  /** Searches a view; `after` is a status, whose outcome the answer then shows. */
  search<Doc>(view: string, parameters: Record<string, string>, after?: Status): Promise<Found<Doc>> {
    const query = new URLSearchParams(parameters);
    if (after) query.set("after", `${after.stream}@${after.version}`);
    return this.ask("GET", `/views/${view}?${query}`);
  }

  /** A stream's events, oldest first. */
  async *history(stream: string): AsyncGenerator<FactmillEvent> {
    for (let from: number | null = 1; from !== null; ) {
      const page: { events: FactmillEvent[]; next: number | null } = await this.ask("GET", `/streams/${stream}?from=${from}`);
      yield* page.events;
      from = page.next;
    }
  }

  private async ask<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      let answer: Response;
      try {
        answer = await fetch(this.url + path, {
          method,
          headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json", ...headers },
          body: body === undefined ? undefined : JSON.stringify(body),
          signal: AbortSignal.timeout(30_000),
        });
      } catch (lost) {
        // nothing is known of it, so it is sent again: its id makes that safe
        if (attempt === ATTEMPTS) throw lost;
        await pause(50 * 2 ** attempt);
        continue;
      }
      if (answer.ok) return (await answer.json()) as T;
      // 429 busy, 503 outage or not projected yet: the same request again, a little later
      if (![429, 503].includes(answer.status) || attempt === ATTEMPTS) {
        throw new Problem(answer.status, (await answer.json()) as ConstructorParameters<typeof Problem>[1]);
      }
      await answer.body?.cancel();
      await pause(1_000 * Number(answer.headers.get("Retry-After") ?? 1));
    }
  }
}
