/** A definition while files are read into it: what later files add to or replace. */
import type { DefinitionType, Place, Renderer, WantedAddress, WantedPolicy, WantedRoute } from './definition.ts';

export interface Given {
  readonly text: string;
  readonly place: Place;
}

export interface Draft {
  readonly id: string;
  readonly type: DefinitionType;
  readonly place: Place;
  /** Of its own, or of its type's block where it was begun. */
  renderer: Renderer | null;
  /** Single values by their dotted path. */
  readonly values: Map<string, Given>;
  /** Lists of texts by their dotted path. */
  readonly lists: Map<string, Given[]>;
  readonly addresses: WantedAddress[];
  readonly routes: WantedRoute[];
  readonly policies: WantedPolicy[];
  /** What addresses, routes and policies there are: the same again is passed over. */
  readonly had: Set<string>;
  readonly members: string[];
  /** A bridge or bond, of which it is a port. */
  port: { readonly id: string; readonly as: 'bridge' | 'bond' } | null;
  vrf: string | null;
  readonly opaque: { readonly key: string; readonly place: Place }[];
  /** Every key that was given, by its dotted path. */
  readonly places: Map<string, Place>;
}

export function newDraft(id: string, type: DefinitionType, place: Place, renderer: Renderer | null): Draft {
  return {
    id, type, place, renderer, values: new Map(), lists: new Map(), addresses: [], routes: [], policies: [], had: new Set(), members: [],
    port: null, vrf: null, opaque: [], places: new Map(),
  };
}

/** All definitions so far, in the order in which they were begun. */
export interface Merging {
  readonly drafts: Map<string, Draft>;
  /** The last word of `network: renderer`. */
  renderer: Renderer | null;
  readonly files: string[];
}
