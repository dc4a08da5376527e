// What a monitor is told by its configuration file, once it was read and checked. Times in milliseconds.

/** A text that is secret: where it is read anew each time it is needed, so that it may be replaced. */
export type Secret =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly name: string };

/** How whoever is asked gets to know who asks. */
export type Auth =
  | { readonly kind: 'none' }
  /** `Authorization: SCHEME SECRET` */
  | { readonly kind: 'header'; readonly scheme: string; readonly secret: Secret }
  | { readonly kind: 'basic'; readonly user: string; readonly password: Secret };

/** Paths of PEM files; '' where there is none. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly insecure: boolean;
}

/** A profile that is taken of a target. */
export interface ProfilePlan {
  /** Of the offer: `goroutine`. */
  readonly name: string;
  readonly every: number;
  /** How long it is recorded, in seconds; 0 for one that says how things are just now. */
  readonly seconds: number;
}

/** Where targets come from. */
export type Discovery =
  | {
      readonly kind: 'static';
      readonly targets: readonly string[];
      readonly labels: Readonly<Record<string, string>>;
    }
  /** Files that list targets; the last part of a path may hold `*`. */
  | { readonly kind: 'file'; readonly paths: readonly string[]; readonly every: number }
  | {
      readonly kind: 'dns';
      readonly names: readonly string[];
      readonly type: 'A' | 'AAAA' | 'SRV';
      /** Of A and AAAA, which name none. */
      readonly port: number;
      readonly every: number;
    }
  | {
      readonly kind: 'kubernetes';
      /** '' for the cluster that the monitor runs in. */
      readonly server: string;
      /** None for all. */
      readonly namespaces: readonly string[];
      readonly labelSelector: string;
      readonly fieldSelector: string;
      readonly auth: Auth;
      readonly tls: TlsFiles;
      readonly every: number;
    };

/** A rule that changes the labels of a target, or leaves it out, as Prometheus's `relabel_configs` do. */
export interface RelabelRule {
  readonly action:
    | 'replace'
    | 'keep'
    | 'drop'
    | 'labelmap'
    | 'labeldrop'
    | 'labelkeep'
    | 'hashmod'
    | 'lowercase'
    | 'uppercase';
  readonly sources: readonly string[];
  readonly separator: string;
  /** Of the whole text. */
  readonly regex: RegExp;
  readonly target: string;
  readonly replacement: string;
  readonly modulus: number;
}

/** Targets that are looked at in one way. */
export interface JobConfig {
  readonly job: string;
  readonly every: number;
  /** Longest wait for one answer. */
  readonly timeout: number;
  /** Bytes that one answer may have, packed. */
  readonly maxBytes: number;
  readonly scheme: 'http' | 'https';
  /** Stands before `/debug/pprof/`. */
  readonly pathPrefix: string;
  readonly auth: Auth;
  readonly tls: TlsFiles;
  readonly profiles: readonly ProfilePlan[];
  readonly discoveries: readonly Discovery[];
  readonly relabel: readonly RelabelRule[];
}

/** Who is told of alerts. */
export interface ReceiverConfig {
  readonly url: string;
  readonly form: 'json' | 'slack' | 'alertmanager';
  readonly auth: Auth;
}

/** Where what was kept is sent on to. */
export interface ForwardConfig {
  readonly url: string;
  readonly to: 'pyroscope' | 'otlp';
  readonly auth: Auth;
}

export interface MonitorConfig {
  readonly jobs: readonly JobConfig[];
  readonly forwards: readonly ForwardConfig[];
  readonly receivers: readonly ReceiverConfig[];
}
