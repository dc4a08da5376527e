// Frames of a heap snapshot on their way into a profile: for the agent and for processes that are looked at from outside.
import type { HeapAnalysis, HeapFrameWriter, ProfileBuilder, WrittenHeapFrame } from '@stackpile/profile';
import { type Frame, type FrameContext, FrameWriter } from '../frames.ts';
import type { Position } from './take-snapshot.ts';

function frameOf(frame: WrittenHeapFrame): Frame {
  const { name, url, line, column, startLine, startColumn, scriptId, facts } = frame;
  const known = { name, file: url, line, column, startLine, startColumn, facts };
  return scriptId === 0 ? known : { ...known, scriptId: String(scriptId) };
}

/** All frames of an analysis that its profile is going to show. */
export function heapFrames(analysis: HeapAnalysis, positions: ReadonlyMap<number, Position>): Frame[] {
  return analysis.groups.flatMap((group) =>
    group.frames.map(({ function: f, objectId }) => {
      const at = (objectId === 0 ? undefined : positions.get(objectId)) ?? f;
      const { name, url, scriptId } = f;
      const [{ line, column }, startLine, startColumn] = [at, f.line, f.column];
      return frameOf({ name, url, line, column, startLine, startColumn, scriptId, facts: f });
    }),
  );
}

/** Writes the frames of a heap's profile as all other captures write theirs. */
export function heapFrameWriter(builder: ProfileBuilder, context: FrameContext): HeapFrameWriter {
  const writer = new FrameWriter(builder, context);
  return {
    location: (frame) => writer.location(frameOf(frame)),
    labels: (stack) => writer.labels(stack),
    end: () => writer.comment(),
  };
}
