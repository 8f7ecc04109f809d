/** Things that code may throw and that resist being looked at, by what is wrong with them. */
export const hostileErrors: Readonly<Record<string, () => unknown>> = {
  'a cause in a circle': () => {
    const error = new Error('circle')
    error.cause = new Error('half way', { cause: error })
    return error
  },
  'causes without end': () => {
    let error = new Error('innermost')
    for (let i = 0; i < 20_000; i++) error = new Error(`around ${i}`, { cause: error })
    return error
  },
  'a cause that throws': () => withGetter('cause'),
  'a message that throws': () => withGetter('message'),
  'a stack that throws': () => withGetter('stack'),
  'a name that throws': () => withGetter('name'),
  'a code that throws': () => withGetter('code'),
  'a message that is no text': () => Object.assign(new Error(), { message: { toString: refuse }, stack: undefined }),
  'a field that throws': () => ({ fine: 1, deep: Object.defineProperty({}, 'odd', { enumerable: true, get: refuse }) }),
  'a proxy that refuses everything': () =>
    new Proxy(new Error('behind'), {
      get: refuse,
      getPrototypeOf: refuse,
      ownKeys: refuse,
      has: refuse,
      getOwnPropertyDescriptor: refuse,
    }),
  'a proxy that was revoked': () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
  'a function that refuses': () => new Proxy(() => {}, { get: refuse, getPrototypeOf: refuse }),
  'a symbol': () => Symbol('thrown'),
  'an odd toJSON': () => ({ toJSON: refuse }),
}

function withGetter(name: string): Error {
  return Object.defineProperty(new Error('hostile'), name, { get: refuse })
}

function refuse(): never {
  throw new Error('not to be looked at')
}
