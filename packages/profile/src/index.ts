// The public face of the profile room.
export { ProfileError, type ProfileErrorCode } from './errors.ts';
export { classifyFunction, type Origin, type OriginOptions } from './origin.ts';
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
