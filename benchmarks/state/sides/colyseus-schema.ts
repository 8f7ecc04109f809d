/** What is used of @colyseus/schema. Its package is not installed with this repository: see ../../peers.ts. */
export interface ColyseusSchema {
  readonly schema: <T extends object>(
    fields: Readonly<Record<string, unknown>>,
    name: string,
  ) => new () => T & Structure<T>
  /** Types of fields. */
  readonly t: {
    string(): Field
    number(): Field
    float32(): Field
    uint8(): Field
    quantized(range: { min: number; max: number; bits: 8 | 16 | 32 }): Field
    map(type: unknown): Field
  }
  readonly Encoder: {
    new (state: object): Encoder
    BUFFER_SIZE: number
  }
  readonly Decoder: new (state: object) => Decoder
  readonly StateView: new () => StateView
}

export interface Field {
  /** Makes a field that only those see who have what stands in it, in their view. */
  view(): Field
}

export interface Structure<T> {
  assign(values: Partial<T>): this
}

export interface MapSchema<V> {
  get(key: string): V | undefined
  set(key: string, value: V): unknown
  delete(key: string): boolean
}

export interface Iterator {
  offset: number
}

export interface Encoder {
  readonly root: { readonly refCount: Readonly<Record<number, number>> }
  encode(it?: Iterator): Uint8Array
  encodeView(view: StateView, sharedOffset: number, it: Iterator): Uint8Array
  encodeAll(it?: Iterator): Uint8Array
  encodeAllView(view: StateView, sharedOffset: number, it: Iterator): Uint8Array
  discardChanges(): void
}

export interface Decoder {
  decode(bytes: Uint8Array): unknown
}

export interface StateView {
  add(entity: object): boolean
  remove(entity: object): unknown
}
