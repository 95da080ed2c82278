/** The file of the program `mock-ups`, from the package for this machine. */
export function program(): string;

/** The mock did not start, or refused something. */
export class MockUpsError extends Error {}

/** Which requests of the journal. */
export interface Filter {
  endpoint?:
    | "token"
    | "refresh"
    | "authorize"
    | "api"
    | "rating"
    | "shipping"
    | "tracking"
    | "time-in-transit"
    | "address-validation"
    | "push"
    | "other";
  client_id?: string;
  environment?: "cie" | "production";
  status?: number;
  /** Text that path and query contain. */
  path?: string;
  /** Requests after the one with this number. */
  after?: number;
  /** Only requests in which the lint found something. */
  findings?: true;
}

/** A request in the journal. */
export interface Entry {
  seq: number;
  at: string;
  environment: string;
  method: string;
  target: string;
  headers: string[];
  body: string;
  client_id: string;
  status: number;
  code: string;
  answer: string;
  fault: string | null;
  [other: string]: unknown;
}

/** To which calls a fault applies, and for how long. */
export interface FaultLimits {
  endpoint?: Filter["endpoint"];
  path?: string;
  client_id?: string;
  environment?: "cie" | "production";
  after?: number;
  times?: number;
  probability?: number;
  starts_in?: string;
  lasts?: string;
  carry_out?: boolean;
  name?: string;
}

/** A fault that was added; `await using` ends it with its block. */
export interface Fault extends AsyncDisposable {
  readonly id: number;
  remove(): Promise<void>;
}

export interface StartOptions {
  /** Address and port; without it a free port of 127.0.0.1. */
  listen?: string;
  /** Flags of the program, such as `["--seed", "7"]`. */
  flags?: string[];
}

/** How many requests; at least one if absent. */
export interface Count {
  exactly?: number;
  atLeast?: number;
  atMost?: number;
}

/** A UPS of its own on a free port. */
export class MockUps implements AsyncDisposable {
  static start(options?: StartOptions): Promise<MockUps>;
  /** Such as `http://127.0.0.1:40123`, in the place of `https://wwwcie.ups.com`. */
  readonly baseUrl: string;
  /** The app that every mock begins with. */
  readonly clientId: string;
  readonly clientSecret: string;
  readonly credentials: { clientId: string; clientSecret: string };
  stop(): Promise<void>;
  /** Everything as at the start. */
  reset(): Promise<void>;
  /** Adds a fault: what to play, and its limits. */
  fault(play: string | Record<string, unknown>, limits?: FaultLimits): Promise<Fault>;
  /** Plays a ready scenario, such as `quota`. */
  playScenario(name: string): Promise<void>;
  /** The time of the mock's clock, as in RFC 3339. */
  now(): Promise<string>;
  /** Moves the mock's clock, such as by `"59d"`. */
  advance(time: string): Promise<void>;
  /** Stops the mock's clock, now or at a time as in RFC 3339. */
  freeze(at?: string): Promise<void>;
  unfreeze(): Promise<void>;
  journal(filter?: Filter): Promise<Entry[]>;
  /** Fails with a list of the requests unless so many came. */
  verify(filter: Filter, count?: Count): Promise<void>;
  /** Any operation of the control API, such as `control("GET", "state")`. */
  control(method: string, path: string, body?: unknown): Promise<any>;
  [Symbol.asyncDispose](): Promise<void>;
}
