// What is filtered: a member of the state for each filter, and all of them at rest.

export const libraryModes = ['show', 'collapse', 'hide', 'mine'] as const;

/** Filters as the options of the reports mean them; '' filters nothing. */
export interface StackFilters {
  readonly focus: string;
  readonly ignore: string;
  readonly hide: string;
  readonly show: string;
  readonly showFrom: string;
  readonly pruneFrom: string;
  readonly tagFocus: string;
  readonly tagIgnore: string;
  /** Keys of labels, apart by commas, that become the outermost frames; and the innermost. */
  readonly tagRoot: string;
  readonly tagLeaf: string;
  /** `mine`: only what goes through the user's own code, without libraries. */
  readonly libraries: (typeof libraryModes)[number];
}

/** The members that hold an expression, in the order in which reports apply them. */
export const filterNames = [
  'focus',
  'ignore',
  'hide',
  'show',
  'showFrom',
  'tagFocus',
  'tagIgnore',
  'pruneFrom',
] as const;
export type FilterName = (typeof filterNames)[number];

export const noFilters: StackFilters = {
  focus: '',
  ignore: '',
  hide: '',
  show: '',
  showFrom: '',
  pruneFrom: '',
  tagFocus: '',
  tagIgnore: '',
  tagRoot: '',
  tagLeaf: '',
  libraries: 'show',
};

/** Of a value that has other members too, the filters. */
export function filtersOf(value: StackFilters): StackFilters {
  const { focus, ignore, hide, show, showFrom, pruneFrom, tagFocus, tagIgnore, libraries } = value;
  const { tagRoot, tagLeaf } = value;
  return {
    focus,
    ignore,
    hide,
    show,
    showFrom,
    pruneFrom,
    tagFocus,
    tagIgnore,
    tagRoot,
    tagLeaf,
    libraries,
  };
}
