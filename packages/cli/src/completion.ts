// `stackpile completion SHELL`: a script that completes subcommands, options and files, made of the tables that parse them.
import { didYouMean } from './closest.ts';
import { guardOptionNames, guardUsage } from './guard/command-line.ts';
import { postmortemOptionNames, postmortemUsage } from './postmortem/command.ts';
import { reportOptionNames, reportUsage } from './report/report-file.ts';
import { watchOptionNames, watchUsage } from './watch/command-line.ts';
import { leaksOptionNames, leaksUsage, verifyOptionNames, verifyUsage } from './leaks/command-line.ts';
import { mcpOptionNames, mcpUsage } from './mcp/command-line.ts';
import { runOptionNames, runUsage } from './run/command-line.ts';
import { monitorOptionNames, monitorUsage } from './monitor/command-line.ts';
import { storeOptionNames, storeUsage } from './store/command-line.ts';
import { flagNames, flagSummary } from './pprof/flag-help.ts';
import { type Answer, subcommands } from './subcommands.ts';

/** What `stackpile help completion` prints. */
export const completionUsage = `usage: stackpile completion bash|zsh|fish

Prints a script that completes commands, options and files:

  bash   eval "$(stackpile completion bash)"        in ~/.bashrc
  zsh    source <(stackpile completion zsh)         in ~/.zshrc, after compinit
  fish   stackpile completion fish | source         in ~/.config/fish/config.fish
`;

const shells = ['bash', 'zsh', 'fish'];
const dashed = (dash: string, names: readonly string[]): string[] => names.map((name) => `${dash}${name}`);

/** What may be completed, for every shell. */
interface Words {
  readonly leaks: readonly string[];
  readonly verify: readonly string[];
  readonly watch: readonly string[];
  readonly guard: readonly string[];
  readonly postmortem: readonly string[];
  readonly report: readonly string[];
  readonly run: readonly string[];
  readonly mcp: readonly string[];
  readonly monitor: readonly string[];
  readonly store: readonly string[];
  /** Flags of the reports, which are those of pprof. */
  readonly flags: readonly string[];
  readonly topics: readonly string[];
}

function words(): Words {
  return {
    leaks: dashed('--', leaksOptionNames),
    verify: dashed('--', verifyOptionNames),
    watch: dashed('--', watchOptionNames),
    guard: dashed('--', guardOptionNames),
    postmortem: dashed('--', postmortemOptionNames),
    report: dashed('--', reportOptionNames),
    run: dashed('--', runOptionNames),
    mcp: dashed('--', mcpOptionNames),
    monitor: dashed('--', monitorOptionNames),
    store: dashed('--', storeOptionNames),
    flags: [...dashed('-', flagNames()), '--help', '--version'],
    topics: [...Object.keys(subcommands), 'reports', ...flagNames()],
  };
}

function bash(): string {
  const { leaks, verify, watch, guard, postmortem, report, run, mcp, monitor, store, flags, topics } =
    words();
  return `# bash completion for stackpile: eval "$(stackpile completion bash)"
_stackpile() {
  local cur=\${COMP_WORDS[COMP_CWORD]} options words= line files=1
  case \${COMP_WORDS[1]} in
    leaks) options='${leaks.join(' ')}' ;;
    verify) options='${verify.join(' ')}' ;;
    watch) options='${watch.join(' ')}' ;;
    guard) options='${guard.join(' ')}' ;;
    postmortem) options='${postmortem.join(' ')}' ;;
    report) options='${report.join(' ')}' ;;
    run) options='${run.join(' ')}' ;;
    mcp) options='${mcp.join(' ')}' ;;
    monitor) options='${monitor.join(' ')}' ;;
    store) options='${store.join(' ')}' words=copy ;;
    help) words='${topics.join(' ')}' files= ;;
    completion) words='${shells.join(' ')}' files= ;;
    *) options='${flags.join(' ')}' ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${Object.keys(subcommands).join(' ')}' options='${flags.join(' ')}' files=1
  fi
  COMPREPLY=()
  case $cur in
    -*) words=$options files= ;;
  esac
  while IFS= read -r line; do
    [ -n "$line" ] && COMPREPLY+=("$line")
  done < <(compgen -W "$words" -- "$cur" || :; [ -z "$files" ] || compgen -f -- "$cur")
}
complete -o filenames -o bashdefault -F _stackpile stackpile
`;
}

/** A word of zsh's or fish's in single quotes. */
const quoted = (text: string): string => `'${text.replaceAll(/[\\']/gu, '\\$&')}'`;
const zshQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function zsh(): string {
  const { leaks, verify, watch, guard, postmortem, report, run, mcp, monitor, store, flags, topics } =
    words();
  const commands = Object.entries(subcommands).map(([name, what]) => zshQuoted(`${name}:${what}`));
  return `#compdef stackpile
# zsh completion for stackpile: source <(stackpile completion zsh)
_stackpile() {
  local -a commands options
  commands=(${commands.join(' ')})
  case $words[2] in
    leaks) options=(${leaks.join(' ')}) ;;
    verify) options=(${verify.join(' ')}) ;;
    watch) options=(${watch.join(' ')}) ;;
    guard) options=(${guard.join(' ')}) ;;
    postmortem) options=(${postmortem.join(' ')}) ;;
    report) options=(${report.join(' ')}) ;;
    run) options=(${run.join(' ')}) ;;
    mcp) options=(${mcp.join(' ')}) ;;
    monitor) options=(${monitor.join(' ')}) ;;
    store) options=(${store.join(' ')}) ;;
    *) options=(${flags.join(' ')}) ;;
  esac
  if [[ $PREFIX == -* ]]; then
    (( CURRENT == 2 )) && options=(${flags.join(' ')})
    compadd -- $options
  elif (( CURRENT == 2 )); then
    _describe command commands
    _files
  elif [[ $words[2] == help ]]; then
    compadd -- ${topics.join(' ')}
  elif [[ $words[2] == completion ]]; then
    compadd -- ${shells.join(' ')}
  else
    _files
  fi
}
if [[ $funcstack[1] == _stackpile ]]; then
  _stackpile "$@"
else
  compdef _stackpile stackpile
fi
`;
}

/** What the help of a subcommand says of one of its options. */
function optionSummary(help: string, name: string): string {
  return new RegExp(`^ +(?:-\\w, )?--${name}(?: (?:'[^']*'|[A-Z]+…?))?  +(.*)$`, 'mu').exec(help)?.[1] ?? '';
}

function fish(): string {
  const lines = ['# fish completion for stackpile: stackpile completion fish | source'];
  const add = (condition: string, what: string, summary: string): void => {
    const said = summary === '' ? '' : ` -d ${quoted(summary)}`;
    lines.push(`complete -c stackpile -n ${quoted(condition)} ${what}${said}`);
  };
  const seen = (name: string): string => `__fish_seen_subcommand_from ${name}`;
  for (const [name, what] of Object.entries(subcommands))
    add('test (count (commandline -opc)) -eq 1', `-a ${name}`, what);
  for (const name of leaksOptionNames) add(seen('leaks'), `-l ${name}`, optionSummary(leaksUsage, name));
  for (const name of verifyOptionNames) add(seen('verify'), `-l ${name}`, optionSummary(verifyUsage, name));
  for (const name of watchOptionNames) add(seen('watch'), `-l ${name}`, optionSummary(watchUsage, name));
  for (const name of guardOptionNames) add(seen('guard'), `-l ${name}`, optionSummary(guardUsage, name));
  for (const name of postmortemOptionNames)
    add(seen('postmortem'), `-l ${name}`, optionSummary(postmortemUsage, name));
  for (const name of reportOptionNames) add(seen('report'), `-l ${name}`, optionSummary(reportUsage, name));
  for (const name of runOptionNames) add(seen('run'), `-l ${name}`, optionSummary(runUsage, name));
  for (const name of monitorOptionNames)
    add(seen('monitor'), `-l ${name}`, optionSummary(monitorUsage, name));
  for (const name of storeOptionNames) add(seen('store'), `-l ${name}`, optionSummary(storeUsage, name));
  add(seen('store'), '-a copy', '');
  for (const name of mcpOptionNames) add(seen('mcp'), `-l ${name}`, optionSummary(mcpUsage, name));
  for (const name of flagNames())
    add(`not ${seen(Object.keys(subcommands).join(' '))}`, `-o ${name}`, flagSummary(name));
  add(seen('completion'), `-f -a '${shells.join(' ')}'`, '');
  add(seen('help'), `-f -a '${words().topics.join(' ')}'`, '');
  return `${lines.join('\n')}\n`;
}

/** The script for the shell that `argv` names, or the sentence that says what is wrong. */
export function completion(argv: readonly string[]): Answer {
  const [shell = ''] = argv;
  switch (shell) {
    case 'bash':
      return { text: bash() };
    case 'zsh':
      return { text: zsh() };
    case 'fish':
      return { text: fish() };
    case '-h':
    case '--help':
      return { text: completionUsage };
    default: {
      const meant = didYouMean(shell, shells);
      const wrong =
        shell === ''
          ? 'which shell?'
          : `completion ${shell}: no such shell${meant === '' ? '.' : `; ${meant}`}`;
      return { problem: `${wrong} It is bash, zsh or fish.` };
    }
  }
}
