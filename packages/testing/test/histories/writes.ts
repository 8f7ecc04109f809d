import type { StateList, StateMap } from '@junto/schema'
import { toPlain } from '@junto/schema'
import type { Kind, MapKind, RecordKind } from './kinds.ts'
import { copyOf, listOf, mapOf, modelOf, plainCopyOf, variantOf, type Draws } from './model.ts'

// Random writes, done alike to a room's state and to the model of it.

/** Writes something somewhere in a record; tells whether there was anything to write to. */
export function write(kind: Kind, live: unknown, model: unknown, draws: Draws): boolean {
  switch (kind.kind) {
    case 'atom':
      return false
    case 'record':
      return live !== undefined && writeRecord(kind, live, Object(model), draws)
    case 'nullable':
      return live !== undefined && live !== null && writeRecord(kind.of, live, Object(model), draws)
    case 'union':
      return live !== undefined && writeRecord(variantOf(kind, model), live, Object(model), draws)
    case 'map':
      return isMap(live) && writeMap(kind, live, mapOf(model), draws)
    case 'list':
      return isList(live) && writeList(kind.of, live, listOf(model), draws)
  }
}

function writeRecord(kind: RecordKind, live: unknown, model: Record<string, unknown>, draws: Draws): boolean {
  if (kind.owned && draws.chance(0.2)) {
    const by = draws.owner()
    Object(live).by = by
    model['by'] = by
    return true
  }
  const field = draws.of(kind.fields)
  if (field === undefined) return false
  const { name, of, optional } = field
  if (draws.chance(0.7) && write(of, Object(live)[name], model[name], draws)) return true
  if (optional && draws.chance(0.3)) {
    Object(live)[name] = undefined
    delete model[name]
  } else {
    const value = draws.value(of)
    Object(live)[name] = value
    model[name] = modelOf(of, value)
  }
  return true
}

function writeMap(kind: MapKind, live: StateMap<unknown>, model: Map<string, unknown>, draws: Draws): boolean {
  const key = draws.of([...model.keys()])
  if (key !== undefined) {
    if (draws.chance(0.5) && write(kind.of, live.get(key), model.get(key), draws)) return true
    if (draws.chance(0.35)) {
      const [taken, before] = [live.get(key), model.get(key)]
      live.delete(key)
      model.delete(key)
      if (draws.chance(0.3)) {
        // What was taken out and is put back, here or under another key, is a copy.
        const to = draws.chance(0.5) ? key : draws.key()
        live.set(to, taken)
        model.set(to, copyOf(before))
      }
      return true
    }
    if (draws.chance(0.1)) {
      const to = draws.key()
      live.set(to, toPlain(live.get(key)))
      model.set(to, plainCopyOf(model.get(key)))
      return true
    }
    if (draws.chance(0.03)) {
      live.clear()
      model.clear()
      return true
    }
  }
  const [to, value] = [draws.key(), draws.value(kind.of)]
  live.set(to, value)
  model.set(to, modelOf(kind.of, value))
  return true
}

function writeList(kind: Kind, live: StateList<unknown>, model: unknown[], draws: Draws): boolean {
  const { length } = model
  const at = draws.integer(0, Math.max(0, length - 1))
  if (length > 0 && draws.chance(0.4) && write(kind, live.at(at), model[at], draws)) return true
  const values = Array.from({ length: draws.integer(0, 2) }, () => draws.value(kind))
  const models = values.map((value) => modelOf(kind, value))
  switch (draws.integer(0, 7)) {
    case 0:
    case 1:
      live.push(...values)
      model.push(...models)
      break
    case 2:
      live.insert(at, ...values)
      model.splice(at, 0, ...models)
      break
    case 3:
      live.splice(at, 1, ...values)
      model.splice(at, 1, ...models)
      break
    case 4:
    case 5:
      if (length > 1) {
        const to = draws.integer(0, length - 1)
        live.move(at, to)
        model.splice(to, 0, ...model.splice(at, 1))
      }
      break
    case 6: {
      // The first items alone, and new ones behind them.
      live.replace([...live.slice(0, at), ...values])
      model.splice(at, length, ...models)
      break
    }
    default:
      live.shift()
      model.shift()
  }
  return true
}

/** An entry of a viewed map, in the state and in the model. */
export interface Entity {
  readonly key: string
  readonly live: unknown
  readonly model: unknown
}

/** A viewed map, in the state and in the model. */
export interface ViewedMap {
  readonly live: StateMap<unknown>
  readonly model: Map<string, unknown>
}

/** What of a state can be in somebody's view. */
export interface Views {
  readonly maps: ViewedMap[]
  readonly entities: Entity[]
}

/** Finds all viewed maps and their entries, those below hidden parts and below each other too. */
export function viewsOf(kind: Kind, live: unknown, model: unknown, found: Views = { maps: [], entities: [] }): Views {
  if (model === undefined || model === null) return found
  switch (kind.kind) {
    case 'atom':
      break
    case 'record':
      for (const { name, of } of kind.fields) viewsOf(of, Object(live)[name], Object(model)[name], found)
      break
    case 'nullable':
      viewsOf(kind.of, live, model, found)
      break
    case 'union':
      viewsOf(variantOf(kind, model), live, model, found)
      break
    case 'list':
      if (isList(live)) for (const [at, item] of listOf(model).entries()) viewsOf(kind.of, live.at(at), item, found)
      break
    case 'map':
      if (!isMap(live)) break
      if (kind.viewed) found.maps.push({ live, model: mapOf(model) })
      for (const [key, part] of mapOf(model)) {
        if (kind.viewed) found.entities.push({ key, live: live.get(key), model: part })
        viewsOf(kind.of, live.get(key), part, found)
      }
  }
  return found
}

function isMap(live: unknown): live is StateMap<unknown> {
  return typeof live === 'object' && live !== null && 'clear' in live && 'set' in live && 'has' in live
}

function isList(live: unknown): live is StateList<unknown> {
  return typeof live === 'object' && live !== null && 'splice' in live && 'move' in live
}
