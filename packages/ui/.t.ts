import { generateProfile } from '../../bench/ui-profile.ts';
import { encodeProfile } from '../profile/src/index.ts';
import { openQuick } from './test/chromium.ts';
import { startUi } from '../cli/src/http/serve.ts';
import { gzipSync } from 'node:zlib';
import { writeFileSync, existsSync } from 'node:fs';
import { buildUi } from './build.ts';
await buildUi();
if (!existsSync('/tmp/ui/b20.pb.gz')) writeFileSync('/tmp/ui/b20.pb.gz', gzipSync(encodeProfile(generateProfile({samples:1e6,functions:5e4,depth:20}))));
const server = await startUi({sources:['/tmp/ui/b20.pb.gz'],address:'127.0.0.1:0',noBrowser:true},{cwd:'/tmp'});
const b = await openQuick(1280,800);
try {
  await b.page.addInitScript(() => { const W = globalThis.Worker; (globalThis as any).log=[]; const p = W.prototype.postMessage; W.prototype.postMessage = function(m: any, t: any){ (globalThis as any).log.push(['ask '+m.method, Math.round(performance.now())]); if(!(this as any).__l){(this as any).__l=1; this.addEventListener('message',(e: any)=>{(globalThis as any).log.push(['got '+e.data.kind+' '+(e.data.text??'')+(e.data.answer?.ms??e.data.answer?.readMs??''), Math.round(performance.now())])});} return p.call(this,m,t); } as any; });
  await b.page.goto(server.url);
  await b.page.waitForFunction(() => performance.getEntriesByName('stackpile-flame').length > 0, undefined, {timeout: 60000});
  console.log(await b.page.evaluate(() => [performance.getEntriesByName('stackpile-flame')[0]!.startTime, ...(globalThis as any).log]));
} finally { await b.close(); await server.close(); }
