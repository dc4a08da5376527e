// Where functions begin in a text of JavaScript or TypeScript, what each is called or there for, and what it was made in.
import { type Anchor, literalOf, NO_ANCHOR, type Role, roleOf, shortened } from './roles.ts';
import { Tokens } from './tokens.ts';

/** A function or class of the text. */
export interface Site {
  /** Offset at which V8 says that it begins: at its parameters, `async` of an arrow function, or `class`. */
  readonly start: number;
  /** The site around it, -1 at the top level. */
  readonly parent: number;
  /** Its own name; '' where it has none. */
  readonly name: string;
  readonly role: Role;
  /** Whether it is a class; V8 takes one without a constructor for a function. */
  readonly isClass: boolean;
  /** Whether it is a declaration rather than a value. */
  readonly isStatement: boolean;
  /** Called where it stands. */
  isCalled: boolean;
}

/** Texts with more functions, or deeper brackets, are read no further. */
const MOST_SITES = 250_000;
const DEEPEST = 10_000;

type FrameKind =
  /** Braces with statements in them; `top` is the whole text. */
  | 'top'
  | 'block'
  | 'body'
  | 'class'
  | 'object'
  /** Parentheses: around an expression, arguments, parameters, the head of a statement. */
  | 'group'
  | 'call'
  | 'params'
  | 'head'
  /** Brackets: of an array, of a member. */
  | 'array'
  | 'member'
  /** What is between `${` and `}`. */
  | 'template'
  /** The expression that is the body of an arrow function; it has no bracket. */
  | 'arrow';

interface Frame {
  readonly kind: FrameKind;
  /** Offset of the bracket. */
  readonly start: number;
  /** The same, or that of an `async` before it. */
  readonly from: number;
  /** Whether it opens after a colon that tells a type. */
  readonly isType: boolean;
  /** The site that the frame's content is made in. */
  readonly site: number;
  /** The site whose body, parameters or arrow expression this is; -1 where it is none's. */
  readonly own: number;
  /** What an expression is there for, as long as nothing else is said. */
  readonly base: Anchor;
  /** The same at this moment. */
  anchor: Anchor;
  /** Whether the value of the anchor comes next, and where the last one began. */
  expectsValue: boolean;
  valueStart: number;
  /** Question marks whose colon has not come. */
  ternaries: number;
  /** In classes and objects: whether a key comes next. */
  atKey: boolean;
  /** The last one; in the brackets of a member the path before them. */
  key: string;
  /** `get` or `set` before a key. */
  accessor: string;
  /** In statements: a `case` whose colon has not come. */
  isCase: boolean;
  /** A variable whose type is being told. */
  declared: string;
  /** The function or class whose body comes next. */
  expected: number;
  /** Parentheses before a colon: the parameters of an arrow function that tells its type; -1 where there are none. */
  typed: number;
  /** The callee before a `<`, which may be about to be told types, and whether `new` stands before it. */
  generic: string;
  genericIsNew: boolean;
  genericStart: number;
  isDecorator: boolean;
  /** Commas so far. */
  commas: number;
  /** Whether it is an arrow expression that stands in statements: elsewhere a line ends nothing. */
  endsWithLine: boolean;
}

/** A function or class that has begun. */
interface Pending {
  readonly kind: 'function' | 'class';
  name: string;
  readonly anchor: Anchor;
  readonly isDirect: boolean;
  readonly isStatement: boolean;
  readonly start: number;
}

const CONTROL = new Set(['if', 'while', 'for', 'with', 'switch', 'catch']);
/** Words after which an expression begins. */
const OPERATORS = new Set(
  'return typeof case do else in of instanceof new void delete throw yield await default extends'.split(' '),
);
/** Other words that decide what follows them. */
const TOLD = new Set(['async', 'export', 'readonly']);
const STATEMENT_KINDS: ReadonlySet<FrameKind> = new Set(['top', 'block', 'body']);
const PAREN_KINDS: ReadonlySet<FrameKind> = new Set(['group', 'call', 'params', 'head']);
const BRACKET_KINDS: ReadonlySet<FrameKind> = new Set(['array', 'member']);
const BRACE_KINDS: ReadonlySet<FrameKind> = new Set(['block', 'body', 'class', 'object', 'template']);
/** Words that go on with an expression on a new line. */
const INFIX = new Set(['in', 'of', 'instanceof', 'as', 'satisfies', 'extends', 'implements']);
const ASSIGNMENTS = new Set(['=', '??=', '||=', '&&=']);
/** What stands before a statement. */
const BEFORE_STATEMENT = new Set(['', ';', '{', '}', ')', ':', 'export', 'default', 'else', 'do']);

/** What a colon is: of `a ? b : c`, of a property, of a `case` or label, of a type. */
type Colon = 'ternary' | 'key' | 'label' | 'type';

/** A name that is used where it is no property. */
export interface SeenWord {
  readonly word: string;
  /** Offset behind it. */
  readonly end: number;
  /** The function or class in which it stands, -1 at the top level. */
  readonly site: number;
  /** Whether it stands behind a dot. */
  readonly isMember: boolean;
  /** Whether it is declared there: by a word before it, or among parameters. */
  readonly isDeclared: boolean;
}

/** Words after which a name is declared. */
const DECLARING = new Set(['const', 'let', 'var', 'function', 'class', 'import']);

/** Reads a text once, from its beginning, and lists its functions in no order of their own. */
class SiteScanner {
  readonly sites: Site[] = [];
  readonly #each: ((seen: SeenWord) => void) | null;
  readonly #tokens: Tokens;
  readonly #frames: Frame[];
  #top: Frame;
  readonly #open = { paren: 0, bracket: 0, brace: 0 };

  // The token before: its text (a string's is its quote), whether a value ends there, where it begins.
  #previous = '';
  #isOperand = false;
  #previousStart = 0;
  /** The last word, for {@link SeenWord}. */
  #wordBefore = '';
  /** The token before that one, and where it begins: `async` of `async x => x`. */
  #before = '';
  #beforeStart = 0;
  /** The names and dots up to here: `socket.onmessage`; '' after anything else. */
  #path = '';
  #isNew = false;
  /** The expression that ends here is this function; -1 where it is none. */
  #ended = -1;
  /** Where the parentheses that were closed last begin; -1 where they told a type. */
  #closed = -1;
  #colonKind: Colon = 'label';
  /** A `function` or `class` whose name or parameters come next. */
  #pending: Pending | null = null;
  /** An arrow function whose body comes next, or -1. */
  #arrow = -1;

  constructor(text: string, each: ((seen: SeenWord) => void) | null) {
    this.#each = each;
    this.#tokens = new Tokens(text);
    this.#top = this.#newFrame('top', 0, NO_ANCHOR, -1, -1);
    this.#frames = [this.#top];
  }

  run(): void {
    const tokens = this.#tokens;
    for (;;) {
      tokens.next(!this.#isOperand);
      if (tokens.kind === 'end' || this.sites.length >= MOST_SITES || this.#frames.length > DEEPEST) return;
      this.#step();
    }
  }

  #step(): void {
    const tokens = this.#tokens;
    if (tokens.onNewLine) this.#endLine();
    if (this.#top.expectsValue) {
      this.#top.expectsValue = false;
      this.#top.valueStart = tokens.start;
    }
    if (this.#arrow >= 0 && this.#text() !== '{') this.#openArrowExpression();
    switch (tokens.kind) {
      case 'word':
        if (this.#each !== null) this.#tell(this.#each);
        this.#word(tokens.value);
        return;
      case 'mark':
        this.#mark(tokens.value);
        return;
      case 'template':
        this.#template();
        return;
      default:
        this.#literal();
    }
  }

  /** The token's first character: enough to tell brackets. */
  #text(): string {
    return this.#tokens.kind === 'mark' ? (this.#tokens.text[this.#tokens.start] as string) : '';
  }

  #newFrame(kind: FrameKind, start: number, base: Anchor, site: number, own: number): Frame {
    return {
      kind,
      start,
      from: this.#asyncStart(start),
      isType: this.#previous === ':' && this.#colonKind === 'type',
      site,
      own,
      base,
      anchor: base,
      expectsValue: false,
      valueStart: -1,
      ternaries: 0,
      atKey: kind === 'class' || kind === 'object',
      key: '',
      accessor: '',
      isCase: false,
      declared: '',
      expected: -1,
      typed: -1,
      generic: '',
      genericIsNew: false,
      genericStart: -1,
      isDecorator: false,
      commas: 0,
      endsWithLine: false,
    };
  }

  /** Where an `async` before a bracket begins, else the bracket. */
  #asyncStart(start: number): number {
    if (this.#previous === 'async') return this.#previousStart;
    return this.#previous === '>' && this.#top.generic === 'async' ? this.#top.genericStart : start;
  }

  #push(kind: FrameKind, base: Anchor, site: number, own = -1): void {
    this.#top = this.#newFrame(kind, this.#tokens.start, base, site, own);
    this.#frames.push(this.#top);
  }

  #pop(): Frame {
    const frame = this.#top;
    this.#frames.pop();
    this.#top = this.#frames.at(-1) as Frame;
    return frame;
  }

  /** Remembers the token as the previous one. */
  #after(text: string, isOperand: boolean): void {
    this.#before = this.#previous;
    this.#beforeStart = this.#previousStart;
    this.#previous = text;
    this.#previousStart = this.#tokens.start;
    this.#isOperand = isOperand;
  }

  #register(start: number, name: string, anchor: Anchor, more: Partial<Site> = {}): number {
    const site = { isClass: false, isStatement: false, ...more, isCalled: false };
    return (
      this.sites.push({
        start,
        parent: this.#top.site,
        name: shortened(name),
        role: roleOf(anchor),
        ...site,
      }) - 1
    );
  }

  // ---- statements

  /** Ends the statement where the line does, as far as JavaScript would. */
  #endLine(): void {
    if (!this.#isOperand) return;
    const { kind } = this.#tokens;
    const goesOn = kind === 'mark' ? !'@{'.includes(this.#text()) : kind === 'template';
    if (goesOn || (kind === 'word' && INFIX.has(this.#tokens.value))) return;
    while (this.#top.endsWithLine) this.#endArrow();
    const top = this.#top;
    if (STATEMENT_KINDS.has(top.kind)) {
      if (this.#text() === '{') return;
      this.#endStatement();
      this.#after(';', false);
    } else if (top.kind === 'class' && !top.atKey && this.#text() !== '{') this.#nextMember();
  }

  #endStatement(): void {
    const top = this.#top;
    top.anchor = top.base;
    top.ternaries = 0;
    top.isCase = false;
    top.declared = '';
    top.expected = -1;
    top.typed = -1;
    top.generic = '';
    this.#pending = null;
    this.#path = '';
    this.#isNew = false;
    this.#ended = -1;
  }

  #nextMember(): void {
    this.#endStatement();
    this.#top.atKey = true;
    this.#top.key = '';
    this.#top.accessor = '';
    this.#top.isDecorator = false;
  }

  // ---- words and literals

  #tell(each: (seen: SeenWord) => void): void {
    const { kind, site, own, atKey } = this.#top;
    const before = this.#previous === 'word' ? this.#wordBefore : this.#previous;
    this.#wordBefore = this.#tokens.value;
    // Whether a key stands for a variable too is told by what follows it, which nobody has read yet.
    if (atKey) return;
    const isDeclared =
      DECLARING.has(before) || (kind === 'params' && own >= 0 && (before === '(' || before === ','));
    const isMember = this.#previous === '.' || this.#previous === '?.';
    each({ word: this.#tokens.value, end: this.#tokens.end, site, isMember, isDeclared });
  }

  #word(word: string): void {
    const top = this.#top;
    const isMember = this.#previous === '.' || this.#previous === '?.';
    if (isMember) {
      const keepsCall = this.#ended >= 0 && (word === 'call' || word === 'apply');
      if (!keepsCall) this.#ended = -1;
      this.#path = this.#path === '' ? word : `${this.#path}.${word}`;
      if (this.#path.length > 200) this.#path = word;
      this.#after('word', true);
      return;
    }
    this.#ended = -1;
    if (this.#pending !== null && this.#previous !== 'extends' && this.#nameOfPending(word)) return;
    if (top.atKey && top.expected < 0) this.#key(word);
    else this.#keyword(word);
  }

  /** Gives a pending function or class its name. False where the word is none. */
  #nameOfPending(word: string): boolean {
    const pending = this.#pending;
    if (pending === null) return false;
    if (pending.kind === 'class') {
      const isName = this.#previous === 'class' && word !== 'extends' && word !== 'implements';
      if (isName) pending.name = word;
      this.#after(isName ? 'word' : word, isName || !OPERATORS.has(word));
      this.#path = word;
      return true;
    }
    if (this.#previous !== 'function' && this.#previous !== '*') return false;
    pending.name = word;
    this.#after('word', true);
    return true;
  }

  #key(word: string): void {
    const top = this.#top;
    if (top.isDecorator) {
      if (this.#previous === '@') {
        this.#path = word;
        this.#after('word', true);
        return;
      }
      top.isDecorator = false;
    }
    if (top.declared === '') this.#setKey(word);
    this.#path = word;
    this.#after(word === 'static' ? word : 'word', true);
  }

  #setKey(key: string): void {
    const top = this.#top;
    top.accessor = top.key === 'get' || top.key === 'set' ? top.key : '';
    top.key = key;
  }

  #keyword(word: string): void {
    const top = this.#top;
    switch (word) {
      case 'function':
      case 'class':
        this.#declare(word);
        return;
      case 'return':
        top.anchor = { kind: 'returned' };
        break;
      case 'default':
        if (this.#previous === 'export') top.anchor = { kind: 'export' };
        break;
      case 'case':
        top.isCase = true;
        break;
      case 'new':
        this.#isNew = true;
        this.#path = '';
        this.#after(word, false);
        return;
      default:
    }
    const isOperator = OPERATORS.has(word);
    this.#path = isOperator || CONTROL.has(word) ? '' : word;
    if (this.#previous !== 'new') this.#isNew = false;
    const isTold = isOperator || CONTROL.has(word) || TOLD.has(word);
    this.#after(isTold ? word : 'word', !isOperator && word !== 'readonly');
  }

  /** Begins a function or class. */
  #declare(kind: 'function' | 'class'): void {
    const { anchor, valueStart, kind: around } = this.#top;
    const isAsync = this.#previous === 'async';
    const from = isAsync ? this.#previousStart : this.#tokens.start;
    const before = isAsync ? this.#before : this.#previous;
    const isStatement = STATEMENT_KINDS.has(around) && BEFORE_STATEMENT.has(before);
    const isDirect = from === valueStart;
    this.#pending = { kind, name: '', anchor, isDirect, isStatement, start: this.#tokens.start };
    this.#path = '';
    this.#after(kind, false);
  }

  #literal(): void {
    const top = this.#top;
    const { kind, value } = this.#tokens;
    this.#ended = -1;
    if (top.atKey && top.declared === '') this.#setKey(kind === 'string' ? literalOf(value) : value);
    this.#argument(kind === 'string' ? value : '');
    this.#path = '';
    this.#after(kind === 'string' ? '"' : 'literal', true);
  }

  /** Takes note of a first argument that is a string. */
  #argument(token: string): void {
    const { kind, start, base } = this.#top;
    if (token === '' || kind !== 'call' || base.kind !== 'call') return;
    if (this.#previous === '(' && this.#previousStart === start) base.literal = literalOf(token);
  }

  #template(): void {
    const tokens = this.#tokens;
    this.#ended = -1;
    this.#path = '';
    if (tokens.isOpen) {
      this.#push('template', NO_ANCHOR, this.#top.site);
      this.#open.brace++;
      this.#after('${', false);
    } else {
      this.#argument(tokens.value);
      this.#after('"', true);
    }
  }

  // ---- marks

  #mark(mark: string): void {
    switch (mark) {
      case '(':
        this.#openParen();
        return;
      case '[':
        this.#openBracket();
        return;
      case '{':
        this.#openBrace();
        return;
      case ')':
        this.#closeParen();
        return;
      case ']':
        this.#closeBracket();
        return;
      case '}':
        this.#closeBrace();
        return;
      case '=>':
        this.#beginArrow();
        return;
      case '.':
      case '?.':
        this.#after(mark, false);
        return;
      case ',':
        this.#comma();
        return;
      case ';':
        this.#semicolon();
        return;
      case ':':
        this.#colon();
        return;
      case '++':
      case '--':
        this.#after(mark, this.#isOperand);
        return;
      default:
        this.#operator(mark);
    }
  }

  #operator(mark: string): void {
    const top = this.#top;
    if (ASSIGNMENTS.has(mark)) this.#assign();
    else if (mark === '?') top.ternaries++;
    else if (mark === '<') {
      top.generic = this.#isOperand ? this.#path : '';
      top.genericIsNew = this.#isNew;
      top.genericStart = this.#previousStart;
    } else if (mark === '@') top.isDecorator = top.kind === 'class' && top.atKey;
    else if (mark === '*' && top.atKey) top.key = '';
    else if (mark === '...' && top.kind === 'object') top.atKey = false;
    // A postfix `!` of TypeScript ends what it stands behind.
    const isPostfix = mark === '!' && this.#isOperand && !this.#tokens.onNewLine;
    if (isPostfix) return;
    if (mark !== '>' && mark !== '<' && mark !== '*') this.#path = '';
    if (mark !== '*' || this.#previous !== 'function') this.#ended = -1;
    this.#after(mark, false);
  }

  #assign(): void {
    const top = this.#top;
    const name = top.atKey
      ? shortened(top.key)
      : this.#boundName(top.declared === '' ? this.#path : top.declared);
    if (name !== '') top.anchor = { kind: 'bound', name };
    top.expectsValue = true;
    top.atKey = false;
    top.declared = '';
    top.typed = -1;
  }

  /** `this.x` of a class K is `K.x`, as V8 has it. */
  #boundName(path: string): string {
    if (!path.startsWith('this.')) return shortened(path);
    let site = this.#top.site;
    for (let i = 0; i < 16 && site >= 0; i++) {
      const around = this.sites[site] as Site;
      if (around.isClass)
        return shortened(around.name === '' ? path.slice(5) : `${around.name}.${path.slice(5)}`);
      site = around.parent;
    }
    return shortened(path.slice(5));
  }

  #comma(): void {
    while (this.#top.kind === 'arrow') this.#endArrow();
    const top = this.#top;
    if (top.kind === 'call' && top.base.kind === 'call' && top.commas === 0) {
      // More than the string made the argument.
      const isAlone = this.#previous === '"' && this.#before === '(' && this.#beforeStart === top.start;
      if (!isAlone) top.base.literal = '';
    }
    top.commas++;
    top.anchor = top.base;
    top.ternaries = 0;
    top.declared = '';
    if (top.kind === 'object') {
      // No method follows its parameters with a comma, but the type that it gives back may hold some.
      if (top.generic === '') top.expected = -1;
      top.atKey = true;
      top.key = '';
      top.accessor = '';
    }
    this.#path = '';
    this.#isNew = false;
    this.#ended = -1;
    this.#after(',', false);
  }

  #semicolon(): void {
    while (this.#top.kind === 'arrow') this.#endArrow();
    if (this.#top.kind === 'class') this.#nextMember();
    else {
      this.#endStatement();
      // A type of TypeScript separates its members so.
      if (this.#top.kind === 'object') this.#top.atKey = true;
    }
    this.#after(';', false);
  }

  #colon(): void {
    while (this.#top.kind === 'arrow' && this.#top.ternaries === 0) this.#endArrow();
    const top = this.#top;
    this.#colonKind = this.#kindOfColon();
    if (this.#colonKind === 'key') {
      top.atKey = false;
      top.anchor = { kind: 'key', key: shortened(top.key), of: top.base };
      top.expectsValue = true;
    } else if (this.#colonKind === 'type') {
      if (this.#previous === ')' && top.expected < 0) top.typed = this.#closed;
      else if (this.#path !== '') top.declared = this.#path;
    }
    this.#path = '';
    this.#ended = -1;
    this.#after(':', false);
  }

  #kindOfColon(): Colon {
    const top = this.#top;
    if (top.ternaries > 0) {
      top.ternaries--;
      return 'ternary';
    }
    if (top.kind === 'object' && top.atKey && top.expected < 0) return 'key';
    if (top.isCase) {
      top.isCase = false;
      return 'label';
    }
    const isLabel =
      this.#previous === 'word' ? BEFORE_STATEMENT.has(this.#before) : this.#previous === 'default';
    return STATEMENT_KINDS.has(top.kind) && isLabel ? 'label' : 'type';
  }

  // ---- parentheses and brackets

  #openParen(): void {
    const top = this.#top;
    this.#open.paren++;
    if (this.#pending?.kind === 'function') this.#openParameters(this.#pending);
    else if (top.atKey && top.declared === '' && !top.isDecorator) this.#openMethod();
    else if (CONTROL.has(this.#previous) || (this.#previous === 'await' && this.#before === 'for'))
      this.#push('head', NO_ANCHOR, top.site);
    else if (this.#previous === '>' && top.generic !== '') {
      this.#isNew = top.genericIsNew;
      this.#openCall(top.generic);
    } else if (this.#isOperand || this.#previous === '?.') this.#openCall(this.#path);
    else this.#push('group', top.anchor, top.site);
    this.#path = '';
    this.#ended = -1;
    this.#after('(', false);
  }

  #openCall(path: string): void {
    if (this.#ended >= 0) (this.sites[this.#ended] as Site).isCalled = true;
    const dot = path.lastIndexOf('.');
    const last = dot < 0 ? path : path.slice(dot + 1);
    const callee = last === '*' ? '' : shortened(last);
    const anchor: Anchor = { kind: 'call', callee, isNew: this.#isNew, literal: '' };
    this.#isNew = false;
    const around = this.#top;
    this.#push('call', anchor, around.site);
    around.generic = '';
  }

  #openParameters(pending: Pending): void {
    const name = pending.name === '' && pending.isDirect ? nameOf(pending.anchor) : pending.name;
    const { isStatement } = pending;
    const site = this.#register(this.#tokens.start, name, pending.anchor, { isStatement });
    this.#top.expected = site;
    this.#pending = null;
    this.#push('params', NO_ANCHOR, site, site);
  }

  #openMethod(): void {
    const top = this.#top;
    const isConstructor = top.kind === 'class' && top.key === 'constructor';
    // A key that is computed is a name all the same, though not one that the text tells.
    const key = top.key === '' ? 'computed method' : top.key;
    const { accessor } = top;
    const around = isConstructor ? this.sites[top.own] : undefined;
    const name = around === undefined ? (accessor === '' ? key : `${accessor} ${key}`) : around.name;
    const isClass = around !== undefined;
    const site = this.#register(this.#tokens.start, name, { kind: 'method' }, { isClass });
    top.expected = site;
    this.#push('params', NO_ANCHOR, site, site);
  }

  #closeParen(): void {
    if (this.#open.paren === 0) {
      this.#after(')', true);
      return;
    }
    const closed = this.#closeTo(PAREN_KINDS);
    const ended = closed.kind === 'group' ? this.#ended : -1;
    this.#ended = ended;
    this.#path = '';
    this.#after(')', closed.kind !== 'head');
  }

  /** Closes frames up to one of the given kinds, which must be open. */
  #closeTo(kinds: ReadonlySet<FrameKind>): Frame {
    for (;;) {
      if (this.#top.kind === 'arrow') {
        this.#endArrow();
        continue;
      }
      const frame = this.#pop();
      if (PAREN_KINDS.has(frame.kind)) {
        this.#open.paren--;
        this.#closed = frame.isType ? -1 : frame.from;
      } else if (BRACKET_KINDS.has(frame.kind)) this.#open.bracket--;
      else this.#open.brace--;
      if (kinds.has(frame.kind)) return frame;
    }
  }

  #openBracket(): void {
    const top = this.#top;
    this.#open.bracket++;
    const isMember = this.#isOperand || this.#previous === '?.' || top.atKey;
    const base: Anchor = isMember ? NO_ANCHOR : { kind: 'element', of: top.anchor };
    this.#push(isMember ? 'member' : 'array', base, top.site);
    // The path of `handlers[name]` is needed behind the bracket.
    if (isMember && !top.atKey) this.#top.key = this.#path;
    this.#path = '';
    this.#ended = -1;
    this.#after('[', false);
  }

  #closeBracket(): void {
    if (this.#open.bracket > 0) {
      const { key } = this.#closeTo(BRACKET_KINDS);
      if (this.#top.atKey) this.#setKey('');
      this.#path = key === '' || key.endsWith('.*') ? key : `${key}.*`;
    }
    this.#ended = -1;
    this.#after(']', true);
  }

  // ---- braces

  #openBrace(): void {
    const top = this.#top;
    this.#open.brace++;
    const arrow = this.#arrow;
    this.#arrow = -1;
    if (arrow >= 0) this.#push('body', NO_ANCHOR, arrow, arrow);
    else if (this.#pending?.kind === 'class' && !this.#isTypePosition()) this.#openClass(this.#pending);
    else if (top.expected >= 0 && !this.#isTypePosition()) {
      this.#push('body', NO_ANCHOR, top.expected, top.expected);
      top.expected = -1;
    } else if (top.kind === 'class' && top.atKey && this.#previous === 'static')
      this.#push('body', NO_ANCHOR, top.site);
    else if (this.#isExpressionPosition()) this.#push('object', top.anchor, top.site);
    else this.#push('block', NO_ANCHOR, top.site);
    this.#path = '';
    this.#ended = -1;
    this.#after('{', false);
  }

  #openClass(pending: Pending): void {
    const name = pending.name === '' && pending.isDirect ? nameOf(pending.anchor) : pending.name;
    const { isStatement } = pending;
    const site = this.#register(pending.start, name, pending.anchor, { isClass: true, isStatement });
    this.#pending = null;
    this.#push('class', pending.anchor, site, site);
  }

  /** Whether a brace here would open a type rather than a body. */
  #isTypePosition(): boolean {
    return [':', '|', '&', '<', ',', '(', 'readonly'].includes(this.#previous);
  }

  #isExpressionPosition(): boolean {
    const previous = this.#previous;
    if (previous === ':') return this.#colonKind !== 'label';
    return (
      !this.#isOperand &&
      previous !== 'else' &&
      previous !== 'do' &&
      !['', ';', '{', '}', ')'].includes(previous)
    );
  }

  #closeBrace(): void {
    if (this.#open.brace === 0) {
      this.#after('}', false);
      return;
    }
    const frame = this.#closeTo(BRACE_KINDS);
    if (frame.kind === 'template') {
      const tokens = this.#tokens;
      tokens.continueTemplate();
      this.#template();
      return;
    }
    this.#endBrace(frame);
  }

  #endBrace({ kind, own }: Frame): void {
    const top = this.#top;
    this.#path = '';
    this.#ended = -1;
    if (top.atKey) {
      // A method ends here, a static block, or a type.
      if (top.kind === 'class' && kind === 'body') this.#nextMember();
      this.#after('}', top.kind === 'object');
      return;
    }
    const site = kind === 'body' || kind === 'class' ? this.sites[own] : undefined;
    const isValue = kind === 'object' || (site !== undefined && !site.isStatement);
    if (isValue) this.#ended = kind === 'object' ? -1 : own;
    else if (STATEMENT_KINDS.has(top.kind)) this.#endStatement();
    this.#after('}', isValue);
  }

  // ---- arrow functions

  #beginArrow(): void {
    const top = this.#top;
    let start = -1;
    if (top.typed >= 0) start = top.typed;
    // The type that a function gives back may be a function's.
    else if (top.expected >= 0) start = -1;
    else if (this.#previous === ')') start = this.#closed;
    else if (this.#previous === 'word')
      start = this.#before === 'async' ? this.#beforeStart : this.#previousStart;
    else if (this.#previous === 'async') start = this.#previousStart;
    top.typed = -1;
    this.#path = '';
    this.#ended = -1;
    if (start >= 0) {
      const name = start === top.valueStart ? nameOf(top.anchor) : '';
      this.#arrow = this.#register(start, name, top.anchor);
    }
    this.#after('=>', false);
  }

  #openArrowExpression(): void {
    const arrow = this.#arrow;
    this.#arrow = -1;
    const { kind, endsWithLine } = this.#top;
    this.#push('arrow', { kind: 'returned' }, arrow, arrow);
    this.#top.endsWithLine = kind === 'class' || STATEMENT_KINDS.has(kind) || endsWithLine;
  }

  #endArrow(): void {
    this.#ended = this.#pop().own;
  }
}

/** The name that a function gets from where it stands; JavaScript gives it none where it is assigned to a property. */
function nameOf(anchor: Anchor): string {
  if (anchor.kind === 'bound') return anchor.name.includes('.') ? '' : anchor.name;
  return anchor.kind === 'key' ? anchor.key : '';
}

/**
 * The functions and classes of a text, in time that grows with its length; nothing is an error.
 *
 * @param each told of each name that is used or declared; keys are left out
 */
export function findSites(text: string, each: ((seen: SeenWord) => void) | null = null): readonly Site[] {
  const scanner = new SiteScanner(text, each);
  scanner.run();
  return scanner.sites;
}
