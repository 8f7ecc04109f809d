import { arrayOf, drawValue, modelOf, type Draws, type FieldSpec, type Spec } from './random-state.fixture.ts'
import { toPlain } from './values/plain.ts'
import { RecordHandle } from './nodes/record-handle.ts'
import { TrackedList } from './nodes/tracked-list.ts'
import { TrackedMap } from './nodes/tracked-map.ts'

/** A tracked state with a plain model of it, which the same is done to. */
export interface Pair {
  readonly spec: Spec & { kind: 'record' }
  readonly live: unknown
  readonly model: Record<string, unknown>
}

/** Writes something somewhere in a state, and in its model. */
export function writeSomething({ spec, live, model }: Pair, draws: Draws): void {
  writeRecord(spec.fields, live, model, draws)
}

/** Goes into a place that holds something tracked; tells whether it could. */
function descend(spec: Spec, live: unknown, model: unknown, draws: Draws): boolean {
  switch (spec.kind) {
    case 'record':
      if (live === undefined) return false
      writeRecord(spec.fields, live, Object(model), draws)
      return true
    case 'map':
      if (!(live instanceof TrackedMap && model instanceof Map)) return false
      writeMap(spec.of, live, model, draws)
      return true
    case 'list':
      if (!(live instanceof TrackedList)) return false
      writeList(spec.of, live, arrayOf(model), draws)
      return true
    case 'nullable':
      return model !== null && descend(spec.of, live, model, draws)
    case 'tagged':
      if (live === undefined) return false
      writeRecord(spec.of[Object(model).kind]?.fields ?? [], live, Object(model), draws)
      return true
    default:
      return false
  }
}

function writeRecord(fields: readonly FieldSpec[], live: unknown, model: Record<string, unknown>, draws: Draws): void {
  if (fields.length === 0) return
  if (!(live instanceof RecordHandle)) throw new TypeError('Not a record of the state')
  const record: Record<string, unknown> = Object(live)
  const { name, optional, spec } = draws.one(fields)
  const there = Object.hasOwn(model, name) ? model[name] : undefined
  if (draws.chance(0.6) && descend(spec, record[name], there, draws)) return
  if (draws.chance(0.1)) {
    const itself = record[name]
    record[name] = itself
  } else if (optional && draws.chance(0.3)) {
    record[name] = undefined
    delete model[name]
  } else {
    const value = drawValue(spec, draws)
    if (draws.chance(0.3)) Object.assign(record, { [name]: value })
    else record[name] = value
    model[name] = modelOf(spec, value)
  }
}

function writeMap(spec: Spec, live: TrackedMap, model: Map<string, unknown>, draws: Draws): void {
  const keys = [...live.keys()]
  if (keys.length > 0 && draws.chance(0.5)) {
    const key = draws.one(keys)
    if (descend(spec, live.get(key), model.get(key), draws)) return
  }
  const action = draws.below(20)
  if (action === 0) {
    live.clear()
    model.clear()
  } else if (action < 7 && keys.length > 0) {
    const key = draws.one(keys)
    const taken = live.get(key)
    live.delete(key)
    const before = model.get(key)
    model.delete(key)
    if (draws.chance(0.3)) {
      // Back again: what was taken out is copied, and stands at the end.
      live.set(key, taken)
      model.set(key, before)
    }
  } else if (action < 9 && keys.length > 0) {
    const key = draws.one(keys)
    live.set(key, live.get(key))
  } else {
    const key = draws.key()
    const value = drawValue(spec, draws)
    live.set(key, value)
    model.set(key, modelOf(spec, value))
  }
}

function writeList(spec: Spec, live: TrackedList, model: unknown[], draws: Draws): void {
  const { length } = model
  if (length > 0 && draws.chance(0.4)) {
    const index = draws.below(length)
    if (descend(spec, live.at(index), model[index], draws)) return
  }
  const values = Array.from({ length: draws.below(3) }, () => drawValue(spec, draws))
  const models = values.map((value) => modelOf(spec, value))
  const index = draws.below(length + 1)
  switch (draws.below(13)) {
    case 0:
      live.push(...values)
      model.push(...models)
      break
    case 1:
      live.unshift(...values)
      model.unshift(...models)
      break
    case 2:
      live.insert(index, ...values)
      model.splice(index, 0, ...models)
      break
    case 3: {
      const count = draws.below(3)
      live.splice(index, count, ...values)
      model.splice(index, count, ...models)
      break
    }
    case 4:
      live.pop()
      model.pop()
      break
    case 5:
      live.shift()
      model.shift()
      break
    case 6:
      if (index < length && values.length > 0) {
        live.set(index, values[0])
        model[index] = models[0]
      }
      break
    case 7:
    case 8:
      if (length > 0) {
        const [from, to] = [draws.below(length), draws.below(length)]
        live.move(from, to)
        model.splice(to, 0, ...model.splice(from, 1))
      }
      break
    case 9: {
      // A sort by anything, as long as both agree: by a rank drawn for each place.
      const ranks = model.map(() => draws.below(5))
      const order = [...model.keys()].sort((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0))
      const before = [...model]
      sortBy(live, ranks)
      for (const [at, from] of order.entries()) model[at] = before[from]
      break
    }
    case 10: {
      const keep = model.map(() => draws.chance(0.7))
      live.replace([...live.filter((_, at) => keep[at] === true), ...values])
      const kept = model.filter((_, at) => keep[at] === true)
      model.splice(0, length, ...kept, ...models)
      break
    }
    case 11:
      if (draws.chance(0.3)) {
        live.clear()
        model.length = 0
      }
      break
    default:
      if (length > 0) {
        // A copy of an item beside it.
        live.push(toPlain(live.at(0)))
        model.push(modelOf(spec, toPlain(live.at(0))))
      }
  }
}

/** Sorts by ranks of places: the comparison sees items, so places are remembered by a queue of equal items. */
function sortBy(live: TrackedList, ranks: readonly number[]): void {
  const places = new Map<unknown, number[]>()
  for (const [at, item] of live.entries()) places.set(item, [...(places.get(item) ?? []), at])
  const unique = [...places.values()].every((at) => at.length === 1)
  if (unique) live.sort((a, b) => (ranks[places.get(a)?.[0] ?? 0] ?? 0) - (ranks[places.get(b)?.[0] ?? 0] ?? 0))
  else {
    const items = [...live]
    const order = [...items.keys()].sort((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0))
    live.replace(order.map((at) => items[at]))
  }
}
