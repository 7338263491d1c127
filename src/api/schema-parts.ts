/** What the API's schemas are put together of. */
import { Type, type TSchema } from 'typebox';

/** In characters: far longer than any name is, so that what is wrong with one is said by its rule, and not by a schema. */
export const LONGEST_NAME = 1024;

/** Of an object: unknown fields are refused. */
export const closed = { additionalProperties: false } as const;

export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** One of a few words. */
export const oneOf = <const T extends string>(values: readonly T[]) => Type.Unsafe<T>({ type: 'string', enum: [...values] });
