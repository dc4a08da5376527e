// The public face of the profile room.
export { aggregateProfile, type Granularity } from './transforms/aggregate.ts';
export {
  type LineInput,
  type LocationInput,
  type MappingInput,
  ProfileBuilder,
  type ProfileHeader,
  type SampleLabel,
} from './builder.ts';
export { decodeProfile } from './proto/decode.ts';
export { compareBytes, encodeProfile } from './proto/encode.ts';
export { encodeOtlp, type OtlpResource, type OtlpValue } from './proto/encode-otlp.ts';
export {
  ProfileError,
  type ProfileErrorCode,
  type ProfileErrorOptions,
  type WireErrorCode,
} from './errors.ts';
export { type TraceFrame, traceStacks } from './go-trace.ts';
export { goPackage, type Language, languageOf } from './language.ts';
export {
  analyzeHeap,
  type HeapAnalysis,
  type HeapAnalysisOptions,
  type HeapFrame,
  type HeapGroup,
  type HeapGroupKind,
  heapProfile,
  type HeapProfileOptions,
  type HeapSnapshot,
  type HeapIds,
  fileOpeners,
  heapIds,
  type OnlyCall,
  onlyCalls,
  BORN_LABEL,
  type ClassRow,
  type HeapClasses,
  type HeapSnapshotOptions,
  type HeapFrameWriter,
  HeapSnapshotReader,
  LEASE_NAME,
  isHeapSnapshot,
  readHeapSnapshot,
  readHeapSnapshotStream,
  type SurvivingChain,
  survivors,
  truncation,
  type WrittenHeapFrame,
} from './heapsnapshot/index.ts';
export { loadHeapSnapshot } from './read-snapshot.ts';
export { hasNamesToRead, mayBeReadable } from './naming/may-be-readable.ts';
export { FunctionNames } from './naming/function-names.ts';
export {
  type FunctionFacts,
  functionName,
  type FunctionPlace,
  type FunctionWords,
  isNameless,
  NO_FACTS,
  ScriptFunctions,
} from './naming/names.ts';
export { pickInt64, pickLabels, pickSamples, type StackColumns } from './columns/rows.ts';
export { int64At, int64Column, numberAt, sumInt64 } from './columns/int64.ts';
export { type DiffOptions, diffProfiles, setTextLabel } from './transforms/difference.ts';
export { compactProfile, mergeProfiles } from './transforms/merge.ts';
export {
  type FunctionTable,
  type IndexColumn,
  type Int64Column,
  type LabelTable,
  type LineTable,
  type LocationTable,
  MappingFlag,
  type MappingTable,
  type Profile,
  type SampleTable,
  type StringTable,
  type ValueType,
} from './profile.ts';
export { dropFrames, type NameTest, pruneFrames, simplifyFunctionName } from './transforms/prune.ts';
export {
  classifyFunction,
  functionOrigins,
  type Origin,
  type OriginOptions,
  type TextTest,
} from './origin.ts';
export { passedOver } from './formats/passed-over.ts';
export type { ReadOptions } from './read-options.ts';
export { readPlainProfile } from './read-plain.ts';
export { readProfile, readProfilePieces } from './read.ts';
export {
  type AsyncFileSystem,
  type FileStat,
  type FileSystem,
  openRegularFile,
  readRegularFile,
  readRegularFileAsync,
  RegularFileError,
  type RegularFileErrorCode,
} from './regular-file.ts';
export { alignProfiles, normalizeProfile, scaleProfile } from './transforms/scale.ts';
export { guessedInterval, samplingScale, unscaledSize } from './heap-sampling.ts';
export { scriptFilename } from './script-filename.ts';
export {
  dataUrlText,
  findInMappings,
  findOriginals,
  type OriginalQuery,
  originalQuery,
  readSourceMap,
  type SourceMapText,
} from './source-map.ts';
export { keptLines, looksCompiled, mapBelongs } from './source-map-fit.ts';
export { extendStrings, packedStrings, StringInterner, stringTableOf } from './columns/strings.ts';
export { quoteGo, quotePattern } from './go-quote.ts';
export { decodeText, encodeText } from './bytes/utf8.ts';
export { maxShownLength, safeText } from './safe-text.ts';
export { shortName, shortPath } from './short-name.ts';
export { tellingFrame } from './telling-frame.ts';
export { checkValid } from './validity.ts';
export { type Boot, type BootService, readBoot, type Shared } from './wire/boot.ts';
export { saidIn } from './wire/said.ts';
export { type CounterName, type Counters, readCounters } from './wire/counters.ts';
export { Followed, succession, type Succession } from './wire/succession.ts';
export { WireError } from './wire/error.ts';
export { parseWire } from './wire/fields.ts';
export {
  goOffer,
  isOfferName,
  type Offer,
  type OfferKind,
  type Offers,
  readGoIndex,
  readOffers,
} from './wire/offer.ts';
export { taskLabel, type TaskKind, waitedMilliseconds } from './wire/task-labels.ts';
export { readWorkers, type Workers, type WorkerThreadInfo } from './wire/workers.ts';
export { readWeights, type Weights, weightsSentence } from './wire/weights.ts';
