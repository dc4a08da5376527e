// A program of Go that is built from modules as people have them: its own, one that a folder stands in for, one of the module cache
// whose name has capital letters, and the standard library. It writes a profile of what it allocated.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { crc32 } from 'node:zlib';
import { unlessCi } from '../../../../testing/ci.ts';

/** Why no program can be built; false where one can. */
export const withoutGo: string | false = unlessCi(
  spawnSync('go', ['version']).status !== 0 && 'go is not installed: no program can be built',
);

const allocating = (name: string): string =>
  `package ${name}\n\nfunc Make(n int) [][]byte {\n\tvar all [][]byte\n\tfor range n {\n\t\tall = append(all, make([]byte, 1024))\n\t}\n\treturn all\n}\n`;

const files: Readonly<Record<string, string>> = {
  'shop/go.mod':
    'module Example.com/shop\n\ngo 1.22\n\nrequire (\n\texample.com/near v0.1.0\n\tgithub.com/Big/Mod v1.2.3\n)\n\nreplace example.com/near => ../near\n',
  'shop/main.go':
    'package main\n\nimport (\n\t"os"\n\t"runtime"\n\t"runtime/pprof"\n\t"strings"\n\n\t"Example.com/shop/cart"\n\t"example.com/near"\n\t"github.com/Big/Mod"\n)\n\nfunc main() {\n\truntime.MemProfileRate = 1\n\tcart.Make(10)\n\tnear.Make(20)\n\tmod.Make(30)\n\tos.Stderr.WriteString(strings.Repeat(" ", 4096)[:0])\n\tfile, _ := os.Create(os.Args[1])\n\t_ = pprof.Lookup("allocs").WriteTo(file, 0)\n\t_ = file.Close()\n}\n',
  'shop/cart/cart.go': allocating('cart'),
  'near/go.mod': 'module example.com/near\n\ngo 1.22\n',
  'near/near.go': allocating('near'),
};

/** The entries of an archive, not packed. */
function zip(entries: Readonly<Record<string, string>>): Buffer {
  const pieces: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(entries)) {
    const [title, body] = [Buffer.from(name), Buffer.from(text)];
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt32LE(crc32(body), 10);
    facts.writeUInt32LE(body.length, 14);
    facts.writeUInt32LE(body.length, 18);
    facts.writeUInt16LE(title.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), facts, title, body]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), facts, rest, title]));
    pieces.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(central.length, 4);
  end.writeUInt16LE(central.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...pieces, directory, Buffer.from('PK\x05\x06'), end]);
}

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function go(args: readonly string[], cwd: string, folder: string): void {
  const made = spawnSync('go', args, {
    cwd,
    encoding: 'utf8',
    env: {
      ...process.env,
      GOPROXY: `file://${join(folder, 'proxy')}`,
      GOMODCACHE: join(folder, 'gopath/pkg/mod'),
      GOSUMDB: 'off',
      GOFLAGS: '-mod=mod -modcacherw -buildvcs=false',
      CGO_ENABLED: '0',
    },
  });
  if (made.status !== 0) throw new Error(`go ${args.join(' ')}: ${made.stderr}`);
}

/** Writes the sources to `folder`: `shop` and `near`, the module cache in `gopath/pkg/mod`, where it is when something was built. */
export function writeProgram(folder: string): void {
  for (const [name, text] of Object.entries(files)) write(join(folder, name), text);
  const versions = join(folder, 'proxy/github.com/!big/!mod/@v');
  const mod = 'module github.com/Big/Mod\n\ngo 1.22\n';
  write(join(versions, 'v1.2.3.info'), '{"Version":"v1.2.3","Time":"2026-01-01T00:00:00Z"}');
  write(join(versions, 'v1.2.3.mod'), mod);
  const top = 'github.com/Big/Mod@v1.2.3';
  write(join(versions, 'v1.2.3.zip'), zip({ [`${top}/go.mod`]: mod, [`${top}/mod.go`]: allocating('mod') }));
}

/** Builds the program of {@link writeProgram} as `name` in `folder`, and runs it there for its profile, `NAME.pb.gz`. */
export function buildProgram(folder: string, name: string, flags: readonly string[] = []): void {
  const binary = join(folder, name);
  go(['build', ...flags, '-o', binary, '.'], join(folder, 'shop'), folder);
  const ran = spawnSync(binary, [`${binary}.pb.gz`], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`${name}: ${ran.stderr}`);
}
