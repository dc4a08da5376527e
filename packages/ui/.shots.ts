import { launch, openPage, desktop, phone } from './test/chromium.ts';
import { startUi } from '../cli/src/http/serve.ts';
import process from 'node:process';
const root = '/work/shared/fixtures/go/';
const sets: any = {
  leaky: ['t2', 't6', 't16', 't36', 't76', 't136'].map((t) => `${root}leaky/${t}/goroutine.pb.gz`),
  debug2: ['t2', 't16', 't136'].map((t) => `${root}leaky/${t}/goroutine.debug2.txt.gz`),
  t2: [`${root}leaky/t2/goroutine.pb.gz`],
  cpu: [process.env['PROFILE'] ?? '/tmp/ui/big.pb.gz'],
};
const [set, views, ...rest] = process.argv.slice(2);
const server = await startUi(
  { sources: sets[set!], address: '127.0.0.1:0', noBrowser: true },
  { cwd: process.cwd() },
);
const browser = await launch();
try {
  for (const device of [desktop, phone])
    for (const theme of ['light', 'dark'] as const) {
      if (rest.length && !rest.includes(`${device.name}-${theme}`)) continue;
      const w = await openPage(browser, device, theme, `http://127.0.0.1:${server.port}`);
      await w.page.goto(server.url);
      for (const v of views!.split(',')) {
        if (v !== 'start')
          await w.page.evaluate((h) => {
            location.hash = h;
          }, '#/' + v);
        await w.page.waitForTimeout(1500);
        await w.page.screenshot({
          path: `/tmp/ui/${set}-${v.replace(/\W+/g, '_').slice(0, 30)}-${device.name}-${theme}.png`,
        });
      }
      if (w.problems.length) console.log(device.name, theme, w.problems.slice(0, 10));
      await w.context.close();
    }
} finally {
  await browser.close();
  await server.close();
}
