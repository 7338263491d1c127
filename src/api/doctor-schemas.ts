/** The wire form of what a doctor finds, of the host or of an instance, and of what it mends. */
import { Type, type Static } from 'typebox';
import { LAYERS, STATUSES } from '../core/diagnosis.ts';
import { closed, nullable, oneOf } from './schema-parts.ts';

const CheckSchema = Type.Object({
  id: Type.String(),
  layer: oneOf(LAYERS),
  title: Type.String(),
  status: oneOf(STATUSES),
  seen: Type.String(),
  /** What to do about it; null where nothing is to be done. */
  remedy: nullable(Type.String()),
  /** The remedy is done by asking to mend. */
  fixable: Type.Boolean(),
}, closed);

const FixSchema = Type.Object({
  /** Id of the check that it was for. */
  check: Type.String(),
  title: Type.String(),
  /** What was done, or how it failed. */
  did: Type.String(),
  good: Type.Boolean(),
  /** What the check saw after it. */
  seen: Type.String(),
}, closed);

export const DiagnosisSchema = Type.Object({
  /** null: of the host. */
  instance: nullable(Type.String()),
  /** From the outside in. */
  checks: Type.Array(CheckSchema),
  /** Id of the first that is broken; the others may follow from it. */
  cause: nullable(Type.String()),
  fixes: Type.Array(FixSchema),
  tookMs: Type.Integer(),
}, closed);

export type WireDiagnosis = Static<typeof DiagnosisSchema>;
export type WireFix = Static<typeof FixSchema>;
