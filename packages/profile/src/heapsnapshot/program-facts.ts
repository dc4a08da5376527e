// What a profile of a heap says of the program's functions, for whoever judges it: who opens files, who only calls another one.
import type { Profile } from '../profile.ts';

const opensComment = /^(?:# )?opens files: ([^\t]+)\t(.+):(\d+)$/u;

/** Who opens files in the program that a profile of classes is of, as the texts of its scripts tell. */
export function fileOpeners({ comments }: Profile): { name: string; file: string; line: number }[] {
  return comments.flatMap((comment) => {
    const [, name, file, line] = opensComment.exec(comment) ?? [];
    return name === undefined || file === undefined ? [] : [{ name, file, line: Number(line) }];
  });
}

const callsComment = /^(?:# )?only calls: ([^\t]+):(\d+)\t([^\t]+)\t(.+):(\d+)$/u;

/** A function by its place, and the one function of its script that it calls. */
export interface OnlyCall {
  readonly file: string;
  readonly line: number;
  readonly calls: { readonly name: string; readonly file: string; readonly line: number };
}

/** Functions without a name that only call another one, in the program that a profile of classes is of. */
export function onlyCalls({ comments }: Profile): OnlyCall[] {
  return comments.flatMap((comment) => {
    const [, file, line, name, calledFile, calledLine] = callsComment.exec(comment) ?? [];
    if (file === undefined || name === undefined || calledFile === undefined) return [];
    return [{ file, line: Number(line), calls: { name, file: calledFile, line: Number(calledLine) } }];
  });
}
