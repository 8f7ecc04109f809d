import { Clock, RandomSource } from '@junto/protocol'
import { ServerLimits } from '../config.ts'
import type { Services } from '../container.ts'
import { Quotas } from '../limits/quotas.ts'
import { Logger } from '../observe/log.ts'
import { Metrics } from '../observe/metrics.ts'
import { Watchdog } from '../observe/watchdog.ts'
import { OrderedStore } from '../store/ordered-store.ts'
import { Store } from '../store/store.ts'
import { TurnEnd } from '../sync/turn-end.ts'

/** What rooms need of their server. */
export interface RoomEnvironment {
  readonly services: Services
  readonly clock: Clock
  readonly random: RandomSource
  readonly logger: Logger
  readonly metrics: Metrics
  readonly limits: ServerLimits
  readonly quotas: Quotas
  readonly watchdog: Watchdog
  readonly turnEnd: TurnEnd
  readonly store: Store
}

/** Takes it from the server's services. */
export function environmentOf(services: Services): RoomEnvironment {
  return {
    services,
    clock: services.resolve(Clock),
    random: services.resolve(RandomSource),
    logger: services.resolve(Logger),
    metrics: services.resolve(Metrics),
    limits: services.resolve(ServerLimits),
    quotas: services.resolve(Quotas),
    watchdog: services.resolve(Watchdog),
    turnEnd: services.resolve(TurnEnd),
    store: new OrderedStore(services.resolve(Store)),
  }
}
