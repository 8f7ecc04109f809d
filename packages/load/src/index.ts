export { scenario, type Bot, type ClientSettings, type Scenario } from './scenario.ts'
export type { Duration } from './durations.ts'
