// How a view comes to run: at once where the registry says so, else when it is opened for the first time.
import type { ComponentType } from 'preact';
import { EngineError } from '../engine/error.ts';
import { later } from '../parts/later.tsx';
import { View as flame } from './flame.tsx';
import { type FirstView, registry, type View } from './registry.ts';

/** What runs with the page, by the names that the registry has for it. */
const first: { readonly [V in FirstView]: ComponentType } = { flame };

function isView(part: unknown): part is { readonly View: ComponentType } {
  return typeof part === 'object' && part !== null && 'View' in part && typeof part.View === 'function';
}

async function load(name: View): Promise<ComponentType> {
  const part: unknown = await import(`./${name}.tsx`);
  if (!isView(part)) throw new EngineError('NO_CHUNK', `views/${name}.tsx exports no View`);
  return part.View;
}

const components = new Map<View, ComponentType>(
  registry.map(({ name, loads, title }) => [
    name,
    loads === 'first' ? first[name] : later(() => load(name), `Opening ${title}`),
  ]),
);

/** The component of a view. */
export function viewComponent(name: View): ComponentType {
  return components.get(name) ?? first.flame;
}
