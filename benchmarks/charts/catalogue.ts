import type { Recorded } from '../recorded.ts'

/** What is recorded, by the names of benchmarks. */
export type Runs = ReadonlyMap<string, Recorded>

/** The charts that there are. Which rows they show is named here; whom they show follows from what is recorded. */
export type Chart = BarChart | GrowthChart

interface Common {
  /** The name of its files, within docs/images/benchmarks. */
  readonly name: string
  readonly benchmark: string
  readonly title: string
}

/** A panel for each row, with a bar for each peer. */
export interface BarChart extends Common {
  readonly kind: 'bars'
  readonly panels: readonly Panel[]
}

export interface Panel {
  readonly row: string
  /** That of the row when absent. */
  readonly title?: string
  /** Of a row of ratios: the peer that they are ratios to, which has none itself. */
  readonly beside?: string
}

/** How a figure grows: a line for each peer, on logarithmic axes. Its rows are PREFIX-NUMBER. */
export interface GrowthChart extends Common {
  readonly kind: 'growth'
  readonly prefix: string
  /** What NUMBER counts. */
  readonly counted: string
  /** What the figure is, with its unit that of the rows when absent. */
  readonly measured?: string
}

export const charts: readonly Chart[] = [
  {
    kind: 'bars',
    name: 'calls',
    benchmark: 'calls',
    title: 'Server CPU per call',
    panels: [
      { row: 'calls-8', title: '50 connections, 8 calls in flight each' },
      { row: 'calls-8-busy', title: 'The same, the server saturated' },
      { row: 'calls-1', title: '50 connections, 1 call in flight each' },
    ],
  },
  {
    kind: 'bars',
    name: 'round-trips',
    benchmark: 'calls',
    title: 'Round trip of a call, all else idle',
    panels: [
      { row: 'idle', title: 'From the call to its result' },
      { row: 'idle-ratio', title: 'The same, beside raw ws in the same moment', beside: 'raw-ws' },
    ],
  },
  {
    kind: 'bars',
    name: 'events',
    benchmark: 'calls',
    title: 'Server CPU of an event to 500 clients',
    panels: [{ row: 'delivery', title: '20 events a second, acks included' }],
  },
  {
    kind: 'bars',
    name: 'state-bytes',
    benchmark: 'state',
    title: 'Bytes of state patches',
    panels: [
      { row: 'moved-steps', title: '1,000 entities move, coordinates in small steps' },
      { row: 'moved-float32', title: '1,000 entities move, 32-bit floats' },
      { row: 'one-steps', title: '1 entity of 100 moves, in small steps' },
      { row: 'snapshot-steps', title: 'Joining a room of 1,000 entities' },
    ],
  },
  {
    kind: 'bars',
    name: 'state-cpu',
    benchmark: 'state',
    title: 'CPU per moved entity',
    panels: [
      { row: 'both-steps', title: 'Server: to write and encode' },
      { row: 'decode-steps', title: 'Client in Node: to decode and apply' },
      { row: 'decode-page-steps', title: 'Client in a page: to decode and apply' },
    ],
  },
  {
    kind: 'bars',
    name: 'views',
    benchmark: 'state',
    title: '200 clients, each of which sees 60 entities',
    panels: [
      { row: 'views', title: '100 of 1,000 entities move' },
      { row: 'views-many', title: '400 of 4,000 entities move' },
      { row: 'views-turnover', title: '100 of 1,000 move, 1 enters a view and 1 leaves' },
      { row: 'views-bytes', title: 'What a client gets: 100 of 1,000 move' },
    ],
  },
  {
    kind: 'bars',
    name: 'joins',
    benchmark: 'joins',
    title: 'Server CPU of a join, first state included',
    panels: [
      { row: 'join', title: '16 clients at a time' },
      { row: 'join-single', title: 'One client every 3 ms' },
    ],
  },
  {
    kind: 'bars',
    name: 'idle',
    benchmark: 'idle',
    title: 'Clients that do nothing',
    panels: [
      { row: 'memory', title: 'Memory of the server for each' },
      { row: 'heartbeat', title: 'Keeping 10,000 alive, a ping every 15 s' },
    ],
  },
  {
    kind: 'bars',
    name: 'room',
    benchmark: 'room',
    title: 'One game room: 100 players',
    panels: [
      { row: 'cpu', title: 'Server CPU' },
      { row: 'bytes', title: 'What a client gets' },
      { row: 'latency-p50', title: "One's input until another sees it: median" },
      { row: 'latency-p99', title: "One's input until another sees it: 99 of 100" },
      { row: 'delay-p99', title: "Delay of the server's event loop: 99 of 100" },
    ],
  },
  {
    kind: 'growth',
    name: 'growth-clients',
    benchmark: 'growth',
    title: 'More clients in one room',
    prefix: 'clients',
    counted: 'clients in the room',
  },
  {
    kind: 'growth',
    name: 'growth-rooms',
    benchmark: 'growth',
    title: 'More rooms',
    prefix: 'rooms',
    counted: 'rooms',
  },
  {
    kind: 'growth',
    name: 'growth-entities',
    benchmark: 'growth',
    title: 'More entities in the state',
    prefix: 'entities',
    counted: 'entities',
  },
  {
    kind: 'growth',
    name: 'match',
    benchmark: 'rooms',
    title: 'To find a room among many, join and leave',
    prefix: 'match',
    counted: 'rooms',
  },
  {
    kind: 'bars',
    name: 'motion',
    benchmark: 'motion',
    title: 'A faster game room: 100 players, 60 Hz',
    panels: [
      { row: 'tick', title: 'Server CPU of a tick' },
      { row: 'bytes', title: 'What a client gets' },
      { row: 'delay-p99', title: 'Ticks come late by, 99 of 100' },
    ],
  },
]
