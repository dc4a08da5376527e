// From the filtered profile to the graph that a report shows, step by step as pprof trims it.
// Upstream: google/pprof internal/report/report.go internal/graph/graph.go, 2025-11-14
import type { PreparedReport } from '../prepare.ts';
import { abs64, type Int64 } from '../int64.ts';
import { trimFileName } from '../names/paths.ts';

import { CallTree } from './calltree.ts';
import { createFrames, type FrameTable } from './frames.ts';
import { cutoff, Graph, presentNodes, trimEdges } from './graph.ts';
import { sumEdges, sumNodes } from './kernel.ts';
import { entropyScore, sortByScore } from './order.ts';
import { removeRedundantEdges } from './redundant.ts';
import { collectTags, countTags, type NodeTags, trimTags } from './tags.ts';

/** What a report needs of the edges. */
export type EdgeNeed = 'none' | 'inline' | 'all';

/** A graph ready to be printed. */
export interface TrimmedGraph {
  readonly graph: Graph;
  /** Nodes that were left after cutting those of low cum. */
  readonly originalCount: number;
  readonly droppedNodes: number;
  readonly droppedEdges: number;
  /** Labels by node; only for pictures. */
  readonly tags: ReadonlyMap<number, NodeTags> | null;
  readonly frames: FrameTable;
}

/**
 * Frames of a report's profile. pprof trims the file names anew for every graph that it builds, so that a path can lose
 * more than one prefix: `times` says which graph this is.
 */
export function reportFrames(report: PreparedReport, times = 1): FrameTable {
  const { trim_path, source_path } = report.options;
  return createFrames(report.profile, {
    objects:
      report.kind === 'callgrind' ||
      report.kind === 'list' ||
      report.kind === 'weblist' ||
      report.kind === 'disasm',
    fileName: (name) => {
      let trimmed = name;
      for (let i = 0; i < times; i++) trimmed = trimFileName(trimmed, trim_path, source_path);
      return trimmed;
    },
  });
}

/** Do file names stay as they are when they are trimmed for the `times`-th time? */
function hasStableNames(report: PreparedReport, times: number): boolean {
  const { trim_path, source_path } = report.options;
  const { functions, strings } = report.profile;
  const seen = new Set<number>();
  for (let f = 0; f < functions.length; f++) {
    const row = functions.filename[f] as number;
    if (seen.has(row)) continue;
    seen.add(row);
    let name = strings.get(row);
    for (let i = 1; i < times; i++) name = trimFileName(name, trim_path, source_path);
    if (trimFileName(name, trim_path, source_path) !== name) return false;
  }
  return true;
}

function sorted(report: PreparedReport, graph: Graph, nodes: number[], again = false): number[] {
  const flat = (node: number) => graph.flat[node] as Int64;
  const cum = (node: number) => graph.cum[node] as Int64;
  if (report.kind === 'dot') {
    return sortByScore(graph, nodes, (node) => entropyScore(graph, node), flat, again);
  }
  if (report.options.sort === 'cum') return sortByScore(graph, nodes, cum, flat, again);
  return sortByScore(graph, nodes, flat, cum, again);
}

/** Builds, cuts and sorts the graph of a report. */
export function trimmedGraph(report: PreparedReport, need: EdgeNeed): TrimmedGraph {
  const { options, profile, weights } = report;
  if (options.call_tree && (report.kind === 'dot' || report.kind === 'callgrind')) {
    return trimmedTree(report);
  }
  let frames = reportFrames(report);
  let graph = new Graph(frames.info, sumNodes(profile, frames, weights));
  const visual = report.kind === 'dot';
  const buildEdges = (kept: Uint8Array | null) => {
    graph.edges = sumEdges(profile, frames, weights, {
      kept,
      targets: need === 'inline' ? frames.inlined : null,
    });
  };
  const asBitmap = (nodes: readonly number[]): Uint8Array => {
    const bitmap = new Uint8Array(frames.length);
    for (const node of nodes) bitmap[node] = 1;
    return bitmap;
  };

  graph.nodes = presentNodes(graph, options.drop_negative);
  const nodeCutoff = cutoff(graph, graph.nodes, options.nodefraction);
  const edgeCutoff = cutoff(graph, graph.nodes, options.edgefraction);
  let kept: Uint8Array | null = null;
  let builds = 1;
  /** Keeps only `nodes`. Sums of a node do not depend on which others stay. */
  const keep = (nodes: number[]): void => {
    builds++;
    if (hasStableNames(report, builds)) graph.nodes = nodes;
    else {
      const structs = new Set(nodes.map((node) => graph.struct(node)));
      frames = reportFrames(report, builds);
      graph = new Graph(frames.info, sumNodes(profile, frames, weights));
      graph.nodes = presentNodes(graph, options.drop_negative).filter((node) =>
        structs.has(graph.struct(node)),
      );
    }
    kept = asBitmap(graph.nodes);
  };
  let droppedNodes = 0;
  if (nodeCutoff > 0) {
    const heavy = graph.nodes.filter((node) => abs64(graph.cum[node] as Int64) >= nodeCutoff);
    droppedNodes = graph.nodes.length - heavy.length;
    if (droppedNodes > 0) keep(heavy);
  }
  const originalCount = graph.nodes.length;
  if (visual) buildEdges(kept);
  graph.nodes = sorted(report, graph, graph.nodes);

  let tags: Map<number, NodeTags> | null = null;
  if (options.nodecount > 0) {
    let count = options.nodecount;
    if (visual) {
      tags = collectTags(report, frames, graph, graph.nodes.slice(0, options.nodecount));
      trimTags(tags, nodeCutoff);
      trimEdges(graph, edgeCutoff);
      count = roomForNodes(graph, tags, count);
    }
    // pprof makes a set of them in which nothing weighs less than 0, as the least number of 64 bits does: it has no absolute value.
    const top = graph.nodes.slice(0, count).filter((node) => abs64(graph.cum[node] as Int64) >= 0);
    if (top.length < graph.nodes.length) {
      keep(top);
      tags = null;
      if (visual) buildEdges(kept);
      graph.nodes = sorted(report, graph, graph.nodes);
    }
  }
  if (
    !visual &&
    (need === 'all' || (need === 'inline' && graph.nodes.some((node) => frames.inlined[node] === 1)))
  ) {
    buildEdges(kept);
  }
  if (visual) {
    tags ??= collectTags(report, frames, graph, graph.nodes);
    trimTags(tags, nodeCutoff);
  }
  const droppedEdges = trimEdges(graph, edgeCutoff);
  if (visual) removeRedundantEdges(graph);
  return { graph, originalCount, droppedNodes, droppedEdges, tags, frames };
}

/** The same for `call_tree`, where removed nodes hand their children to their callers. */
function trimmedTree(report: PreparedReport): TrimmedGraph {
  const { options, profile, weights } = report;
  const visual = report.kind === 'dot';
  const frames = reportFrames(report);
  const tree = new CallTree(profile, frames, weights);
  const graph = tree.graph(frames, weights);
  const removed = new Uint8Array(tree.length);
  const cut = new Uint8Array(tree.length);
  const remove = (kept: readonly number[]): void => {
    const stays = new Uint8Array(tree.length);
    for (const node of kept) stays[node] = 1;
    for (const node of graph.nodes) if (stays[node] === 0) removed[node] = 1;
    graph.nodes = [...kept];
    graph.edges = tree.edges(graph, removed, cut);
  };
  graph.nodes = presentNodes(graph, options.drop_negative);
  graph.edges = tree.edges(graph, removed, cut);
  const nodeCutoff = cutoff(graph, graph.nodes, options.nodefraction);
  const edgeCutoff = cutoff(graph, graph.nodes, options.edgefraction);
  let droppedNodes = 0;
  if (nodeCutoff > 0) {
    const heavy = graph.nodes.filter((node) => abs64(graph.cum[node] as Int64) >= nodeCutoff);
    droppedNodes = graph.nodes.length - heavy.length;
    if (droppedNodes > 0) remove(heavy);
  }
  const originalCount = graph.nodes.length;
  graph.nodes = sorted(report, graph, graph.nodes);
  const tags = visual ? tree.tags(report, graph.nodes) : null;
  if (tags !== null) trimTags(tags, nodeCutoff);
  if (options.nodecount > 0) {
    trimEdges(graph, edgeCutoff);
    for (let e = 0; e < graph.edges.length; e++) {
      if (graph.edges.alive[e] === 0) cut[graph.edges.target[e] as number] = 1;
    }
    const count = tags === null ? options.nodecount : roomForNodes(graph, tags, options.nodecount);
    if (count < graph.nodes.length) {
      remove(graph.nodes.slice(0, count));
      graph.nodes = sorted(report, graph, graph.nodes, true);
    }
  }
  const droppedEdges = trimEdges(graph, edgeCutoff);
  return { graph, originalCount, droppedNodes, droppedEdges, tags, frames };
}

/** How many of the sorted nodes fit into `limit`, where the labels of a node take places too. */
function roomForNodes(graph: Graph, tags: ReadonlyMap<number, NodeTags>, limit: number): number {
  let taken = 0;
  for (let i = 0; i < graph.nodes.length; i++) {
    const own = tags.get(graph.nodes[i] as number);
    taken += 1 + (own === undefined ? 0 : Math.min(4, countTags(own)));
    if (taken >= limit) return i + 1;
  }
  return limit;
}
