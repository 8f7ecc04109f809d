import { defineRoom, t } from '@junto/schema'
import { reach, step, type Kind } from './workload.ts'

const coordinates = { float32: t.Float32(), quantized: t.Quantized({ min: -reach, max: reach, step }) }

function mover(coordinate: ReturnType<typeof t.Float32>) {
  return t.Object({
    name: t.String(),
    x: coordinate,
    y: coordinate,
    vx: t.Float32(),
    vy: t.Float32(),
    hp: t.Uint8(),
  })
}

function moving(coordinate: ReturnType<typeof t.Float32>) {
  return defineRoom('moving', {
    version: 1,
    state: t.Object({ entities: t.Map(mover(coordinate)) }),
    clientToServer: {},
    serverToClient: {},
  })
}

/** Of the kind float32, of which each client sees some. */
export const Viewed = defineRoom('viewed', {
  version: 1,
  state: t.Object({ entities: t.Map(mover(coordinates.float32), { view: true }) }),
  clientToServer: {},
  serverToClient: {},
})

function published(coordinate: ReturnType<typeof t.Integer>) {
  return defineRoom('published', {
    version: 1,
    state: t.Object({ entities: t.Map(t.Object({ name: t.String(), x: coordinate, y: coordinate })) }),
    clientToServer: {},
    serverToClient: {},
  })
}

export const contracts = {
  float32: moving(coordinates.float32),
  quantized: moving(coordinates.quantized),
  published: published(t.Uint8()),
  'published-integer': published(t.Integer()),
} satisfies Record<Kind, unknown>
