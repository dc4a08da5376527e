// The `?` sheet: every key, and in a few words how to read a flame graph.
import type { JSX } from 'preact';
import { overlay } from '../store.ts';
import { Dialog } from './controls.tsx';

const groups: readonly { readonly title: string; readonly keys: readonly (readonly [string, string])[] }[] = [
  {
    title: 'Everywhere',
    keys: [
      ['1 … 0', 'the views, from left to right'],
      ['/', 'search; Enter moves on to the graph or table, Shift+Enter focuses on it, Esc clears it'],
      ['n N', 'next and previous match'],
      ['[ ]', 'previous and next profile'],
      ['l', 'libraries shown, collapsed, hidden; only your own code'],
      ['M', 'only your own code, or everything again'],
      ['r', 'reset filters, search and zoom'],
      ['S', 'share: one file, a link, paper'],
      ['d', 'download'],
      ['C', 'saved views, where the command serves the page'],
      ['c E', 'on a place: copy it; which editor places open in'],
      ['t', 'light or dark'],
      ['?', 'this sheet'],
    ],
  },
  {
    title: 'Flame graph',
    keys: [
      ['← ↑ ↓ →', 'move the selection'],
      ['Enter', 'zoom into the selected box'],
      ['Backspace Esc', 'zoom out'],
      ['Home', 'zoom out all the way'],
      ['+ −', 'wider and narrower; also Ctrl+wheel and pinch'],
      ['w', 'sandwich: callers above, callees below'],
      ['f x h b', 'focus, ignore, hide, show from'],
      ['p s', 'peek, source'],
      ['e', 'open the selected function in your editor'],
      ['c y', 'copy the stack, copy the name'],
      ['m', 'menu of the selected box; also right click and long press'],
      ['g i o v', 'top-down, bottom-up, time order, root at bottom'],
    ],
  },
  {
    title: 'Graph and timeline',
    keys: [
      ['← ↑ ↓ →', 'move the graph; on the timeline ← → move in time, with Shift ten times as far'],
      ['+ − 0', 'zoom the graph in and out, and back'],
      ['Enter', 'on the timeline: one end of a comparison, then the other'],
    ],
  },
];

export function HelpSheet(): JSX.Element {
  return (
    <Dialog title="Keys" close={() => (overlay.value = 'none')}>
      <div class="help">
        {groups.map((group) => (
          <section key={group.title}>
            <h3>{group.title}</h3>
            <dl>
              {group.keys.map(([keys, text]) => (
                <div key={keys}>
                  <dt>{keys.split(' ').map((key) => (key === '…' ? ' … ' : <kbd key={key}>{key}</kbd>))}</dt>
                  <dd>{text}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>How to read a flame graph</h3>
          <p>
            Each box is a function; the boxes below it are what it called. The wider a box, the more of the
            profile has it on its stack. Orange boxes are your own code, so the widest orange box deep down is
            where to look first. The order from left to right means nothing but size, except in time order.
          </p>
          <p>Your profile stays in this page: nothing is uploaded anywhere.</p>
        </section>
      </div>
    </Dialog>
  );
}
