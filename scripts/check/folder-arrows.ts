// Which folder of a package may import which: the one table that the checks `arrows` and `circles` go by.
import type { Arrows } from './folders.ts';

/**
 * By package and folder. A file is named where it is a part of its own: what others may import of a folder that they may not import
 * otherwise. What lies beside the folders may import all of them, and they may import it, as long as no way leads back.
 */
export const arrows: Arrows = {
  profile: {
    'bytes/': [],
    'columns/': ['bytes/'],
    'proto/': ['bytes/', 'columns/'],
    'transforms/': ['columns/'],
    'naming/': [],
    'wire/': [],
    'heapsnapshot/': ['bytes/', 'columns/', 'naming/', 'wire/'],
    'formats/': ['bytes/', 'columns/', 'heapsnapshot/', 'naming/', 'wire/'],
  },
  report: {
    'go/': [],
    'names/': [],
    // Lays out only: what is left of a profile is said before.
    'flame/': [],
    'filters/': ['go/'],
    'graph/': ['go/', 'names/'],
    'print/': ['go/', 'graph/', 'names/'],
    'source/': ['go/', 'graph/', 'names/', 'print/'],
    'export/': ['go/', 'names/', 'print/'],
  },
  ui: {
    // What every part of the page may be told of the worker, and the worker's own beginning.
    'engine/error.ts': [],
    'engine/': ['engine/error.ts'],
    'engine/worker.ts': ['engine/'],
    // The list of views: the views themselves stand behind it, and are loaded from it.
    'views/registry.ts': ['engine/'],
    'filters/': ['engine/', 'views/registry.ts'],
    'parts/': ['engine/', 'filters/', 'views/registry.ts'],
    'flame/': ['engine/', 'parts/'],
    'graph/': ['engine/', 'engine/error.ts'],
    'timeline/': ['flame/', 'parts/'],
    'top/': ['engine/', 'flame/', 'parts/'],
    'verdict/': ['parts/'],
    'views/': [
      'engine/',
      'engine/error.ts',
      'flame/',
      'graph/',
      'parts/',
      'timeline/',
      'top/',
      'verdict/',
      'views/registry.ts',
    ],
    'share/': ['engine/error.ts', 'parts/'],
    'page/': ['engine/error.ts', 'filters/', 'parts/', 'share/', 'views/', 'views/registry.ts'],
  },
  agent: {
    // Requests and answers, and what their parts mean: what carries them is the door's, what they are answered with the endpoints'.
    'http/': [],
    'tasks/': [],
    'host/': ['tasks/'],
    // Needs a session of an inspector, and nothing of HTTP: the command takes it along.
    'inspect/': ['host/'],
    'text/': ['http/', 'inspect/'],
    'captures/': ['host/', 'http/', 'inspect/', 'tasks/', 'text/'],
    'endpoints/': ['captures/', 'host/', 'http/', 'inspect/', 'text/'],
    'door/': ['http/'],
    'push/': ['captures/', 'http/'],
    'black-box/': ['captures/', 'host/', 'http/', 'inspect/'],
    'sidecar/': ['black-box/', 'captures/', 'door/', 'endpoints/', 'host/', 'http/', 'inspect/', 'push/'],
    'adapters/': ['door/', 'host/', 'http/', 'sidecar/'],
    'testing/': ['inspect/', 'tasks/'],
    'packed/': ['sidecar/', 'tasks/'],
  },
  sources: {
    'process/': [],
  },
  monitor: {
    'store/': [],
    'wire/': [],
    'config/': [],
    'discovery/': ['config/'],
    'forward/': ['config/'],
    'push/': ['store/', 'wire/'],
    'page/': ['store/'],
    'querier/': ['store/', 'wire/'],
  },
  cli: {
    'web/': [],
    'binaries/': [],
    'pprof/': ['binaries/', 'web/'],
    'report/': ['web/'],
    'guard/': ['leaks/'],
    'mcp/': ['leaks/'],
    'monitor/': ['leaks/', 'report/', 'web/'],
    'store/': ['leaks/'],
    'run/': ['leaks/', 'report/'],
    'leaks/': [],
    'watch/': ['leaks/', 'report/', 'web/'],
  },
};
