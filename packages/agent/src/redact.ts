// Hides what looks like a secret in a command line. A guess, on the safe side: what is hidden is only shown as such.

const HIDDEN = '[redacted]';

/** Names of flags and variables whose values are secrets. */
const SECRET =
  /pass(?:wd|word|phrase|code)?s?$|secret|token|credential|cookie|auth(?:orization)?$|bearer|(?:api|access|private|secret|signing|encryption|master|account)[-_]?keys?|^key$|salt|signature|dsn$|connection[-_]?string|webhook|jwt|pat$/iu;
/** `--name`, `-name`, `NAME`, and what follows the `=`. */
const ASSIGNMENT = /^(-{0,2})([A-Za-z][\w.:-]*)=(.*)$/su;
const FLAG = /^-{1,2}([A-Za-z][\w.:-]*)$/u;
/** Texts that are secrets by themselves: tokens of well-known form, private keys. */
const TOKENS =
  /(?<![\w-])(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|sk-[\w-]{16,}|[sr]k_(?:live|test)_\w{10,}|AKIA[A-Z\d]{16}|AIza[\w-]{30,}|npm_\w{30,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)|-----BEGIN [A-Z ]*PRIVATE KEY-----.*/gsu;
const BEARER = /\b(bearer|basic)(\s+)[\w.~+/=-]{4,}/giu;
/** `scheme://user:password@host`. */
const USER_INFO = /((?<![\w+.-])[a-z][\w+.-]{0,30}:\/\/[^\s/?#:@]*:)[^\s/?#]*@/giu;
const PARAMETER = /([?&;])([\w.-]+)=([^&;\s#]+)/gu;

/** `-u user:password`, as curl and its like have it; not `-u 1000:1000`, which is a user and a group. */
const PAIR = /^([^\s:/]+:)(?!\d+$)[^/].*$/su;
const PAIR_FLAG = /^(?:-[uU]|--user|--proxy-user)$/u;
/** The same in one argument, and `-pPASSWORD`, as the clients of databases have it: a number is a port. */
const JOINED_PAIR = /^(-[uU]|--(?:proxy-)?user=)([^\s:/=-][^\s:/]*:)(?!\d+$)[^/].*$/su;
const JOINED_PASSWORD = /^-p(?!\d+(?::\d+)*$)(?=.*[\dA-Z\W_])[^=/.][^=]{2,}$/su;

function isSecret(name: string): boolean {
  return SECRET.test(name);
}

/** One argument by itself. */
function redactText(text: string): string {
  return text
    .replace(TOKENS, HIDDEN)
    .replace(BEARER, `$1$2${HIDDEN}`)
    .replace(USER_INFO, `$1${HIDDEN}@`)
    .replace(PARAMETER, (all, mark: string, name: string) =>
      isSecret(name) ? `${mark}${name}=${HIDDEN}` : all,
    );
}

/**
 * Arguments with what looks like a secret hidden: values of flags and variables that are named like one, with `=` or as the argument
 * that follows; passwords behind `-u name:` and `-p`; passwords in addresses; parameters of addresses; tokens of well-known forms.
 */
export function redactArguments(args: readonly string[]): string[] {
  let isValue = false;
  return args.map((arg, at) => {
    if (PAIR_FLAG.test(args[at - 1] ?? '')) {
      const [, user] = PAIR.exec(arg) ?? [];
      if (user !== undefined) return user + HIDDEN;
    }
    const [, pairFlag = '', pairUser] = JOINED_PAIR.exec(arg) ?? [];
    if (pairUser !== undefined) return pairFlag + pairUser + HIDDEN;
    if (JOINED_PASSWORD.test(arg)) return `-p${HIDDEN}`;
    const flag = FLAG.exec(arg);
    if (isValue && flag === null) {
      isValue = false;
      return HIDDEN;
    }
    isValue = flag !== null && isSecret(flag[1] ?? '');
    const assignment = ASSIGNMENT.exec(arg);
    if (assignment === null) return redactText(arg);
    const [, dashes = '', name = '', value = ''] = assignment;
    return `${dashes}${name}=${isSecret(name) ? HIDDEN : redactText(value)}`;
  });
}
